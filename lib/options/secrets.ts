/** Refuses secrets that an attacker could guess. */
import { LoginFault } from '../exceptions/login-fault.js';
import type { OptionRule } from './option-rules.js';

const REMEDY =
  `Make one with: node -e "console.log(require('node:crypto').randomBytes(32).toString('base64url'))". ` +
  'Node reads a .env file only where it is told to: --env-file=.env.';

/** Words of sample secrets. A secret without them must still be long enough. */
const SAMPLE_WORDS = new RegExp(
  [
    'secret|password|passphrase|passwd|change|replace|example|sample|default|insecure|development',
    'production|keyboard|cat|super|session|cookie|token|jwt|string|random|characters?|chars|bytes?|test',
    'dev|prod|long|least|please|must|should|very|your|this|that|here|with|and|for|the|key|min|todo|lorem',
    'ipsum|dolor|amet|value|instead|create|complex|keep|safe|outside|source|code|phrase|phase|bigger|than',
    'thirty|two|use|not|do|sit|my|me|at|be|is|in|it|of|on|to|or|an|a',
  ].join('|'),
  'g',
);

/** The beginnings of secrets that the documentation of Flask and of FastAPI shows in full. */
const PUBLISHED = /^(192b9bdd22ab9ed4d12e236c78afcb9a|09d25e094faa6ca2556c818166b7a956)/;

/** The rows of QWERTY and QWERTZ keyboards. */
const KEYBOARD = /qwertyuiop|asdfghjkl|zxcvbnm|qwertzuiop|yxcvbnm|1234567890?/g;

/**
 * Accepts a secret or a list of secrets, newest first. Returns the list.
 * @throws LoginFault ERR_LOGIN_SECRET for a secret that is missing, short, repeated or a sample (OWASP ASVS 13.3.1)
 */
export const secrets: OptionRule<readonly string[]> = (given) => {
  const all: unknown[] = Array.isArray(given) ? given : [given];
  if (all.length === 0) throw fault('The option "secret" is an empty list.');

  all.forEach((secret, position) => {
    const which = Array.isArray(given) ? `Secret number ${position + 1}` : 'The option "secret"';
    const weakness = weaknessOf(secret);
    if (weakness) throw fault(`${which} ${weakness}.`);
  });
  if (new Set(all).size < all.length) throw fault('The option "secret" names the same secret twice.');
  return Object.freeze([...all] as string[]);
};

/** Returns why a secret is refused, as the end of a sentence. */
function weaknessOf(secret: unknown): string | undefined {
  if (secret === undefined || secret === null || secret === '')
    return 'is missing; if it comes from an environment variable, the variable is not set';
  if (typeof secret !== 'string') return `is no text but ${typeof secret}`;
  if (Buffer.byteLength(secret) < 32) return `has ${Buffer.byteLength(secret)} bytes of the 32 it needs`;
  if (isRepeated(secret)) return 'repeats itself';
  if (isSequence(secret)) return 'is a row of neighbouring characters';
  if (PUBLISHED.test(secret)) return 'stands in published documentation';

  return isSample(secret) ? 'is made of digits, keyboard rows or words that sample secrets are made of' : undefined;
}

/** Tells whether an ASCII text has fewer than 12 letters and digits left without sample words and outer digits. */
function isSample(secret: string): boolean {
  const plain = secret
    .toLowerCase()
    .replace(KEYBOARD, '')
    .replace(/[^a-z0-9]/g, '');
  const rest = plain.replace(SAMPLE_WORDS, '').replace(/^\d+|\d+$/g, '');

  return /^[\x20-\x7e]*$/.test(secret) && rest.length < 12;
}

/** Tells whether a text has fewer than 8 different characters, or consists of one repeated piece. */
function isRepeated(secret: string): boolean {
  if (new Set(secret).size < 8) return true;
  for (let period = 1; period <= secret.length / 2; period += 1)
    if (secret.slice(period) === secret.slice(0, -period)) return true;
  return false;
}

/** Tells whether most characters are neighbours of the one before them, as in 0123456789, abcdef or zyxwvu. */
function isSequence(secret: string): boolean {
  let steps = 0;
  for (let at = 1; at < secret.length; at += 1)
    if (Math.abs(secret.charCodeAt(at) - secret.charCodeAt(at - 1)) === 1) steps += 1;
  return steps > secret.length / 2;
}

const fault = (problem: string): LoginFault => new LoginFault('ERR_LOGIN_SECRET', problem, REMEDY);
