/** Reads the documents of the project: their names, code blocks and tables, and the sources that they describe. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { filesIn, ROOT } from '../architecture/project.js';

/** All documents by their paths. */
export const DOCUMENTS: readonly string[] = [
  'README.md',
  'CHANGELOG.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  ...filesIn('docs').filter((file) => file.endsWith('.md')),
];

/** A fenced block of a document. */
export interface Block {
  readonly language: string;
  /** The file of the sample that the block is a copy of. */
  readonly source: string | undefined;
  readonly code: string;
}

/** Returns the text of a file of the project. */
export const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');

/** Parses a source of the project. */
export const parse = (file: string): ts.SourceFile =>
  ts.createSourceFile(file, read(file), ts.ScriptTarget.Latest, true);

/** Returns the fenced blocks of a text. */
export const blocks = (text: string): Block[] =>
  [...text.matchAll(/(?:^<!-- (\S+) -->\n)?^```(\w+)\n([^]*?)^```$/gm)].map(([, source, language = '', code = '']) => ({
    source,
    language,
    code,
  }));

/** Returns the first cells, in code, of the tables below a heading. */
export function rowsBelow(heading: string, text: string): string[] {
  const [, section] = new RegExp(`^## ${heading}\\n([^]*?)(?=^## |$(?![^]))`, 'm').exec(text) ?? [];
  if (section === undefined) throw new Error(`There is no section "${heading}".`);
  return [...section.matchAll(/^\| `([^`]+)` \|/gm)].map(([, name = '']) => name);
}

/** Returns the names that a file exports as values. */
export function valueExports(file: string): string[] {
  return parse(file)
    .statements.filter(ts.isExportDeclaration)
    .filter((node) => !node.isTypeOnly && node.exportClause && ts.isNamedExports(node.exportClause))
    .flatMap((node) => (node.exportClause as ts.NamedExports).elements.map((element) => element.name.text));
}
