/** Holds docs/architecture.md against the code that it describes. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../architecture/project.js';
import { ROWS } from '../architecture/rows.js';

const text = readFileSync(join(ROOT, 'docs/architecture.md'), 'utf8');

/** The cells of a section's table, without its head. */
function rowsBelow(heading: string): string[][] {
  const [, section = ''] = new RegExp(`^## ${heading}\\n([^]*?)(?=^## |$(?![^]))`, 'm').exec(text) ?? [];
  const lines = section.split('\n').filter((line) => line.startsWith('| '));
  return lines.slice(2).map((line) => line.split('|').map((cell) => cell.trim()));
}

describe('the page on the architecture', () => {
  it('has the rows of rows.ts, in their order', () => {
    const rows = rowsBelow('Rows').map(([, names = '']) => [...names.matchAll(/`([^`]+)`/g)].map(([, name]) => name));
    expect(rows).toEqual(ROWS.map((row) => [...row]));
  });

  it('explains 25 words, each once', () => {
    const words = rowsBelow('Glossary').map(([, word = '']) => word);
    expect(words).toHaveLength(25);
    expect(new Set(words).size).toBe(25);
  });

  it('is read in one sitting: at most 150 lines', () => {
    expect(text.split('\n').length).toBeLessThanOrEqual(151);
  });
});
