/** Secrets that end the start, and secrets that do not. */
import { createHash } from 'node:crypto';
import 'reflect-metadata';
import { SECRET } from '../support/test-app.js';
import { refusal, expectRefusal, expectStart } from '../support/starting-app.js';

describe('a secret', () => {
  const hex = createHash('sha256').update('a hash is as random as a key').digest('hex');
  const REMEDY = /Make one with: node -e .*randomBytes\(32\)/;

  it('from an environment variable that is not set is refused as missing', () =>
    expectRefusal(
      { options: { secret: process.env.NO_SUCH_VARIABLE_OF_THE_TESTS } },
      'ERR_LOGIN_SECRET',
      /"secret" is missing.*environment variable.*not set/,
      REMEDY,
    ));

  it('that is too short is refused with its number of bytes', () =>
    expectRefusal(
      { options: { secret: SECRET.slice(0, 31) } },
      'ERR_LOGIN_SECRET',
      /31 bytes of the 32 it needs/,
      REMEDY,
    ));

  it('in a list is refused with its position', () =>
    expectRefusal({ options: { secret: [SECRET, 'too short'] } }, 'ERR_LOGIN_SECRET', /Secret number 2 has 9 bytes/));

  it('never appears in the message that refuses it', async () => {
    for (const secret of ['a-secret-to-keep', 'keyboard cat keyboard cat keyboard cat', [SECRET, SECRET]]) {
      const { message } = await refusal({ options: { secret } });
      for (const each of [secret].flat()) expect(message).not.toContain(each);
    }
  });

  const bad: [unknown, RegExp][] = [
    [undefined, /missing/],
    [null, /missing/],
    ['', /missing/],
    [12345678901234567890123456789012n, /no text/],
    [true, /no text/],
    [{ secret: SECRET }, /no text/],
    [[], /empty list/],
    [[undefined], /number 1 is missing/],
    [[SECRET, undefined], /number 2 is missing/],
    [[SECRET, ''], /number 2 is missing/],
    [[SECRET, SECRET], /same secret twice/],
    ['hunter2', /7 bytes/],
    [SECRET.slice(0, 31), /31 bytes/],
    ['ü'.repeat(15), /30 bytes/],
    ['x'.repeat(64), /repeat/],
    ['ab'.repeat(16), /repeat/],
    ['R4nd0m!?'.repeat(4), /repeat/],
    ['00000000-0000-0000-0000-000000000000', /repeat/],
    ['abcdefghijklmnopqrstuvwxyz0123456789', /neighbouring/],
    ['keyboard cat on a super secret keyboard', /sample/],
    ['complex_password_at_least_32_characters_long', /sample/],
    ['your-secret-must-be-at-least-32-characters-long', /sample/],
    ['change-this-secret-string-in-production-please', /sample/],
    ['a-string-secret-at-least-256-bits-long', /sample/],
    ['a secret with minimum length of 32 characters', /sample/],
  ];

  it.each(bad)('B3: %p is refused', (secret, problem) =>
    expectRefusal({ options: { secret } }, 'ERR_LOGIN_SECRET', problem, REMEDY),
  );

  it('B3: has 25 bad ones in this table', () => {
    expect(bad).toHaveLength(25);
  });

  it.each([
    [
      'the documentation of NestJS',
      'DO NOT USE THIS VALUE. INSTEAD, CREATE A COMPLEX SECRET ' + 'AND KEEP IT SAFE OUTSIDE OF THE SOURCE CODE.',
    ],
    ['the documentation of Flask', '192b9bdd22ab9ed4d12e236c78afcb9a393ec15f71bbf5dc987d54727823bcbf'],
    ['the documentation of FastAPI', '09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7'],
    ['the README of @fastify/secure-session', 'averylogphrasebiggerthanthirtytwochars'],
    ['the rows of a keyboard', 'qwertyuiopasdfghjklzxcvbnm1234567890'],
  ])('B3: the well-known sample from %s is refused', (_place, secret) =>
    expectRefusal({ options: { secret } }, 'ERR_LOGIN_SECRET', REMEDY),
  );

  it.each([
    ['32 random bytes as base64url', SECRET],
    ['32 random bytes as hex', hex],
    ['16 random bytes as hex', hex.slice(0, 32)],
    ['a list of two', [SECRET, hex]],
    ['a long phrase with letters beyond ASCII', 'Zwölfender grübeln übers Öl am Gürtel'],
  ])('B3: %s is accepted', (_kind, secret) => expectStart({ options: { secret } }));
});
