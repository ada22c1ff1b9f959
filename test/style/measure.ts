/** Measures prose and code. CONTRIBUTING.md has the limits. */
import ts from 'typescript';
import { commentSentences, documentSentences, wordsOf } from './prose.js';
import type { Sentence } from './prose.js';

/** A sentence and its file. */
export interface PlacedSentence extends Sentence {
  readonly file: string;
}

/** The figures of some prose. */
export interface ProseFigures {
  readonly words: number;
  /** Words of `RELATIVES` per 1,000 words. */
  readonly relatives: number;
  /** sentences in 100 that open with a word of `HARD_OPENERS` */
  readonly hardOpenings: number;
  /** colons per 1,000 words */
  readonly colons: number;
  /** sentences in 100 of more than 25 words */
  readonly long: number;
}

/** The figures of some code. */
export interface CodeFigures {
  /** blank lines in 100 lines inside function bodies */
  readonly blank: number;
  /** characters of the mean line of code */
  readonly mean: number;
  /** nine of ten lines of code are no longer than this */
  readonly ninetieth: number;
}

/** A sentence that opens like this is read twice. */
export const HARD_OPENERS = ['Who', 'What', 'Of', 'So', 'Where', 'Else', 'Those', 'Whoever'];

const RELATIVES = /\b(who|what|whoever|whose)\b/gi;

/** Returns the sentences of all comments, each with its file. */
export const commentsOf = (texts: Readonly<Record<string, string>>): PlacedSentence[] =>
  Object.entries(texts).flatMap(([file, text]) => commentSentences(text).map((sentence) => ({ ...sentence, file })));

/** Returns the sentences of all documents, each with its file. */
export const documentsOf = (texts: Readonly<Record<string, string>>): PlacedSentence[] =>
  Object.entries(texts).flatMap(([file, text]) => documentSentences(text).map((sentence) => ({ ...sentence, file })));

/** Returns the first word of a sentence. */
export const openerOf = ({ text }: Sentence): string => /[\p{L}'’-]+/u.exec(text)?.[0] ?? '';

/** Measures the words of some sentences. */
export function measureProse(sentences: readonly Sentence[]): ProseFigures {
  const all = sentences.map(({ text }) => text).join('\n');
  const words = wordsOf(all);
  const perThousand = (matches: RegExpMatchArray | null): number => ((matches?.length ?? 0) / words) * 1000;
  const share = (isOne: (sentence: Sentence) => boolean): number =>
    (sentences.filter(isOne).length / sentences.length) * 100;

  return {
    words,
    relatives: perThousand(all.match(RELATIVES)),
    hardOpenings: share((sentence) => HARD_OPENERS.includes(openerOf(sentence))),
    colons: perThousand(all.match(/:(?=\s|$)/gm)),
    long: share(({ text }) => wordsOf(text) > 25),
  };
}

/** Measures the lines of some sources. */
export function measureCode(texts: Readonly<Record<string, string>>): CodeFigures {
  const lines = Object.values(texts).flatMap((text) => text.split('\n'));
  const code = lines.filter((line) => line.trim() !== '' && !/^\s*(\/?\*|\/\/)/.test(line));
  const lengths = code.map(({ length }) => length).sort((one, other) => one - other);
  const bodies = Object.values(texts).flatMap(bodyLines);

  return {
    blank: (bodies.filter((line) => line.trim() === '').length / bodies.length) * 100,
    mean: lengths.reduce((sum, length) => sum + length, 0) / lengths.length,
    ninetieth: lengths[Math.floor(lengths.length * 0.9)] ?? 0,
  };
}

/** The lines between the braces of the outermost functions. */
function bodyLines(source: string): string[] {
  const file = ts.createSourceFile('source.ts', source, ts.ScriptTarget.ES2023, true);
  const rows = source.split('\n');
  const lineAt = (position: number): number => file.getLineAndCharacterOfPosition(position).line;

  const visit = (node: ts.Node): string[] => {
    if (ts.isFunctionLike(node) && 'body' in node && node.body && ts.isBlock(node.body as ts.Node)) {
      const body = node.body as ts.Block;
      return rows.slice(lineAt(body.getStart()) + 1, lineAt(body.end));
    }
    const found: string[] = [];
    ts.forEachChild(node, (child) => void found.push(...visit(child)));
    return found;
  };
  return visit(file);
}
