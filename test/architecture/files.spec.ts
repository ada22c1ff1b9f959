/** Keeps files small. Each file opens with one sentence on its purpose. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { filesIn, ROOT } from './project.js';

const MEDIAN = 80;

const read = (file: string) => readFileSync(join(ROOT, file), 'utf8');
const lines = (text: string) => text.replace(/\n$/, '').split('\n').length;

/** The sentence that a file opens with, in a comment, or undefined; orders to a tool or a licence are no sentence. */
function purpose(text: string): string | undefined {
  const code = text.replace(/^\uFEFF?(#!.*\n\s*)?/, '');
  const comment = /^\/\*+([^]*?)\*\//.exec(code)?.[1] ?? /^(\/\/.*(\n\/\/.*)*)/.exec(code)?.[1];
  const words = comment
    ?.replace(/^\s*(\/\/|\*)[ \t]?/gm, '')
    .replace(/\s+/g, ' ')
    .trim();
  const sentence = /^[^@].*?\S+ \S+ \S.*?[.:!?](?= |$)/.exec(words ?? '')?.[0];
  return /^(eslint|oxlint|prettier|copyright|todo)\b/i.test(sentence ?? '') ? undefined : sentence;
}

describe('a file', () => {
  it(`of lib/ has less than ${MEDIAN} lines in the median`, () => {
    const sorted = filesIn('lib').map((file) => lines(read(file)));
    sorted.sort((a, b) => a - b);
    expect(sorted[Math.floor(sorted.length / 2)]).toBeLessThan(MEDIAN);
  });

  it.each(['lib', 'sample', 'scripts', 'test'])('of %s/ opens with one sentence that says what it is for', (folder) => {
    const sources = filesIn(folder).filter((file) => /\.[cm]?ts$|\.mjs$/.test(file));
    expect(sources).not.toEqual([]);
    expect(sources.filter((file) => !purpose(read(file)))).toEqual([]);
  });
});

describe('lib/', () => {
  it('E2 compares no secret but in constant time: hashes, verifiers and MACs go through sameText alone', () => {
    const comparison =
      /([=!]==\s*[\w.]*(hash|verifier|mac\b|signature|\bbase\b)|(hash|verifier|\bmac|signature|\bbase)\w*\s*[=!]==)/i;
    const careless = filesIn('lib').flatMap((file) =>
      read(file)
        .split('\n')
        .filter(
          (line) => comparison.test(line.replaceAll(/[=!]== (undefined|null)/g, '')) && !/^\s*(\/?\*|\/\/)/.test(line),
        )
        .map((line) => `${file}: ${line.trim()}`),
    );
    expect(careless).toEqual([]);
    expect(read('lib/http/signature.ts')).toContain('a.length === b.length && timingSafeEqual(a, b)');
    for (const file of [
      'lib/remember-me/remember-decision.ts',
      'lib/logins/login-decision.ts',
      'lib/http/signature.ts',
    ])
      expect(read(file)).toMatch(/\bsameText\(/);
  });
});

describe('the rule itself', () => {
  it.each([
    ['/** Counts the logins of a user. */\nimport x;', 'Counts the logins of a user.'],
    ['#!/usr/bin/env node\n/**\n * Counts the logins\n * of a user. And more.\n */', 'Counts the logins of a user.'],
    ['// Counts the logins,\n// all of them.\nimport x;', 'Counts the logins, all of them.'],
  ])('finds the sentence in %j', (text, sentence) => {
    expect(purpose(text)).toBe(sentence);
  });

  it.each([
    'import x;\n/** Counts the logins of a user. */',
    '/** */\nexport const x = 1;',
    '// TODO: say what this is for.',
    '/* eslint-disable no-console, no-debugger and so on. */',
    '/** @module counts the logins of a user. */',
    '/** Logins */',
    '',
  ])('finds none in %j', (text) => {
    expect(purpose(text)).toBeUndefined();
  });
});
