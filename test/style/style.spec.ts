/** Keeps comments and documents in plain words. `npm run style -- --list` prints each sentence that breaks a rule. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { commentsOf, documentsOf, measureProse } from './measure.js';
import {
  DOCUMENTS,
  faultsOf,
  LONGEST_LINE,
  LONGEST_README,
  LONGEST_SPEC,
  MOST_RELATIVES,
  PROJECT,
  sourcesIn,
} from './rules.js';

const read = (file: string): string => readFileSync(join(PROJECT, file), 'utf8');
const linesOf = (text: string): number => text.replace(/\n$/, '').split('\n').length;

describe.each(['lib', 'sample', 'test', 'scripts'])('the comments of %s/', (folder) => {
  const sources = sourcesIn(folder);
  const sentences = commentsOf(sources);

  it('have no sentence over 30 words, and none that hides its subject', () => {
    expect(sentences.length).toBeGreaterThan(5);
    expect(faultsOf(sentences, 'comments').map(({ file, line, fault }) => `${file}:${line} ${fault}`)).toEqual([]);
  });

  it('have fewer than 3 of the words who, what, whoever and whose in 1,000', () => {
    expect(measureProse(sentences).relatives).toBeLessThan(MOST_RELATIVES.comments);
  });

  it('have no line over 120 characters, and neither has the code, but for the names and data of tests', () => {
    const isChecked = (line: string): boolean => folder !== 'test' || /^\s*(\/?\*|\/\/)/.test(line);
    const long = Object.entries(sources).flatMap(([file, text]) =>
      text
        .split('\n')
        .flatMap((line, at) =>
          isChecked(line) && line.length > LONGEST_LINE ? [`${file}:${at + 1} ${line.length}`] : [],
        ),
    );
    expect(long).toEqual([]);
  });
});

describe('the documents', () => {
  const sentences = documentsOf(Object.fromEntries(DOCUMENTS.map((file) => [file, read(file)])));

  it('have no sentence that hides its subject', () => {
    expect(sentences.length).toBeGreaterThan(1000);
    expect(faultsOf(sentences, 'documents').map(({ file, line, fault }) => `${file}:${line} ${fault}`)).toEqual([]);
  });

  it('have fewer than 2 of the words who, what, whoever and whose in 1,000', () => {
    expect(measureProse(sentences).relatives).toBeLessThan(MOST_RELATIVES.documents);
  });

  it('begin with a README of at most 220 lines', () => {
    expect(linesOf(read('README.md'))).toBeLessThanOrEqual(LONGEST_README);
  });
});

describe('a file of test/e2e/', () => {
  it('has at most 300 lines', () => {
    const long = Object.entries(sourcesIn('test/e2e')).map(([file, text]) => ({ file, lines: linesOf(text) }));
    expect(long.filter(({ lines }) => lines > LONGEST_SPEC)).toEqual([]);
  });
});

describe('the rules themselves', () => {
  const faults = (source: string): string[] =>
    faultsOf(commentsOf({ 'a.ts': source }), 'comments').map(({ line, fault }) => `${line} ${fault}`);
  const words = (count: number): string => `Returns ${Array.from({ length: count - 1 }, () => 'word').join(' ')}`;

  it.each([
    ['/** What a cookie names. */', ['1 opens with "What"']],
    ['a();\n/**\n * Reads it. Who shows it is in.\n */', ['3 opens with "Who"']],
    ['/** @returns what\n * Those of before. */', []],
    ['/** Reads.\n *\n * Those of before. */', ['3 opens with "Those"']],
    [`// ${words(31)}.`, ['1 31 words']],
    [`// ${words(30)}.`, []],
    [`// ${words(16)}\n// ${words(16)}.`, ['1 32 words']],
    [`// ${words(16)}\n\n// ${words(16)}.`, []],
    [`/** ${words(16)}. @param a ${words(16)} */`, []],
    ['const a = "// What is this?";', []],
    ['const a = `/* What is this? */`;', []],
  ])('see in %j: %j', (source, expected) => {
    expect(faults(source)).toEqual(expected);
  });

  it('count the words of prose, and not those of code', () => {
    const markdown =
      'Who asks `what who` twice?\n\n```ts\nwho();\n```\n\n| a | what |\n| --- | --- |\n| [who](what.md) | b |\n';
    const { words: count, relatives } = measureProse(documentsOf({ 'a.md': markdown }));
    expect([count, Math.round((relatives * count) / 1000)]).toEqual([8, 3]);
  });

  it('count a colon before a blank, and none in a time or an address', () => {
    const sentences = commentsOf({ 'a.ts': '// It is 12:30: see https://app.example and a::b.' });
    expect(Math.round((measureProse(sentences).colons * measureProse(sentences).words) / 1000)).toBe(1);
  });
});
