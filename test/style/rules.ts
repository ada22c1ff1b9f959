/** The rules on words, and the files that they hold for. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openerOf } from './measure.js';
import type { PlacedSentence } from './measure.js';
import { wordsOf } from './prose.js';

/** The folder of package.json, also where this file was compiled into build/. */
export const PROJECT = process.cwd();

/** No comment has a longer sentence. The aim is 25. */
export const MOST_WORDS = 30;
/** A sentence that opens like this has its subject elsewhere. */
export const REFUSED_OPENERS = ['Who', 'What', 'Whoever', 'Of', 'Those'];
/** Words of `RELATIVES` in measure.ts, per 1,000 words. */
export const MOST_RELATIVES = { comments: 3, documents: 2 };
/** Lines of README.md. */
export const LONGEST_README = 220;
/** Lines of a file of test/e2e/. */
export const LONGEST_SPEC = 300;
/** Characters of a line. */
export const LONGEST_LINE = 120;

/** The runner comes with the recordings of Flask-Login, and is not edited. */
const CONFORMANCE_RUNNER = 'test/conformance/run.mjs';

/** All documents of the project, by their paths. */
export const DOCUMENTS: readonly string[] = [
  'README.md',
  'CHANGELOG.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  ...filesBelow('docs').filter((file) => file.endsWith('.md')),
];

/** A sentence that breaks a rule, and which. */
export interface FaultySentence extends PlacedSentence {
  readonly fault: string;
}

/** Returns the sources below a folder by their paths. */
export function sourcesIn(folder: string): Record<string, string> {
  const files = filesBelow(folder).filter(
    (file) => /\.[cm]?[jt]s$/.test(file) && !file.endsWith('.d.ts') && file !== CONFORMANCE_RUNNER,
  );
  return Object.fromEntries(files.map((file) => [file, readFileSync(join(PROJECT, file), 'utf8')]));
}

/** Returns the sentences that break a rule on one sentence. Documents have no limit of words. */
export function faultsOf(sentences: readonly PlacedSentence[], kind: 'comments' | 'documents'): FaultySentence[] {
  return sentences.flatMap((sentence) => {
    const words = wordsOf(sentence.text);
    const faults = [
      ...(kind === 'comments' && words > MOST_WORDS ? [`${words} words`] : []),
      ...(REFUSED_OPENERS.includes(openerOf(sentence)) ? [`opens with "${openerOf(sentence)}"`] : []),
    ];
    return faults.map((fault) => ({ ...sentence, fault }));
  });
}

function filesBelow(folder: string): string[] {
  if (!existsSync(join(PROJECT, folder))) return [];
  return readdirSync(join(PROJECT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.parentPath.includes('node_modules'))
    .map((entry) => join(entry.parentPath, entry.name).slice(PROJECT.length + 1))
    .sort();
}
