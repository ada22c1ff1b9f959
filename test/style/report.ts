/** Prints the table of figures: `npm run style`. With `--list`, every sentence that breaks a rule as well. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { commentsOf, documentsOf, measureCode, measureProse } from './measure.js';
import type { PlacedSentence } from './measure.js';
import { DOCUMENTS, faultsOf, PROJECT, sourcesIn } from './rules.js';

const [flag, only = ''] = process.argv.slice(2);

const documents = Object.fromEntries(DOCUMENTS.map((file) => [file, readFileSync(join(PROJECT, file), 'utf8')]));
const groups: Record<string, readonly PlacedSentence[]> = {
  ...Object.fromEntries(['lib', 'sample', 'test', 'scripts'].map((folder) => [folder, commentsOf(sourcesIn(folder))])),
  README: documentsOf({ 'README.md': documents['README.md'] ?? '' }),
  docs: documentsOf(documents),
};

const DOCUMENT_GROUPS = ['README', 'docs'];

const round = (figure: number): string => figure.toFixed(1).padStart(8);
console.log('prose      words   who/what per 1,000   hard openings %   colons per 1,000   over 25 words %');
for (const [name, sentences] of Object.entries(groups)) {
  const { words, relatives, hardOpenings, colons, long } = measureProse(sentences);
  console.log(
    `${name.padEnd(8)}${String(words).padStart(8)}   ${round(relatives).padStart(18)}   ` +
      `${round(hardOpenings).padStart(15)}   ${round(colons).padStart(16)}   ${round(long).padStart(15)}`,
  );
}

console.log('\ncode    blank lines in functions %   mean line   90th percentile');
for (const folder of ['lib', 'sample']) {
  const { blank, mean, ninetieth } = measureCode(sourcesIn(folder));
  console.log(
    `${folder.padEnd(8)}${round(blank).padStart(26)}   ${round(mean).padStart(9)}   ${round(ninetieth).padStart(15)}`,
  );
}

const readme = documents['README.md'] ?? '';
console.log(`\nREADME  ${readme.trimEnd().split('\n').length} lines, ${Math.round(readme.length / 1024)} KB`);

if (flag === '--list')
  for (const [name, sentences] of Object.entries(groups))
    for (const { file, line, text, fault } of faultsOf(
      sentences,
      DOCUMENT_GROUPS.includes(name) ? 'documents' : 'comments',
    ))
      if (file.startsWith(only)) console.log(`${file}:${line} ${fault}: ${text}`);
