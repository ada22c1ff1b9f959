/** Checks that lib/express/ alone names Express, so that another platform is a folder beside it. */
import ts from 'typescript';
import { nodesBelow, report } from './sources.js';
import type { Sources } from './sources.js';

/** A word about Express that stands elsewhere, with the reason. */
export interface ExpressName {
  readonly file: string;
  readonly text: string;
  readonly reason: string;
}

/** These put the adapter into the module, and import it from './express/...'. */
export const COMPOSITION_ROOT: readonly string[] = ['lib/login.module.ts', 'lib/login.providers.ts'];

/** The places outside of lib/express/ that may name Express. */
export const ALLOWED: readonly ExpressName[] = [
  {
    file: 'lib/options/unknown-options.ts',
    text: `Use Express's setting: app.set('trust proxy', ...).`,
    reason: 'The remedy is a setting of Express, and the developer looks for it there.',
  },
  {
    file: 'lib/options/resolve-storage.ts',
    text: 'The option "storage.sessions" is the MemoryStore of express-session, which grows until the process ends.',
    reason: 'The developer has written `new session.MemoryStore()` of that package.',
  },
  {
    file: 'lib/options/resolve-storage.ts',
    text: 'a session store of express-session, and a LoginStore.',
    reason: 'Developers find session stores, such as connect-redis, by the name of that package.',
  },
];

const HOME = 'lib/express/';
const EXPRESS = /express(?!ion)/i;

/** Lists the identifiers and texts outside of lib/express/ that name Express. Comments may. */
export function expressNames({ files }: Sources, allowed: readonly ExpressName[] = ALLOWED): string[] {
  const strangers = files.filter(({ fileName }) => !fileName.startsWith(HOME));
  return strangers.flatMap((file) => {
    const granted = new Set(allowed.filter((each) => each.file === file.fileName).map(({ text }) => text));
    const imported = COMPOSITION_ROOT.includes(file.fileName) ? importedFromHome(file) : new Set<string>();
    const named = [...nodesBelow(file)].filter((node) => EXPRESS.test(textOf(node) ?? ''));

    return named
      .filter((node) => !granted.has(textOf(node) ?? '') && !imported.has(textOf(node) ?? ''))
      .map((node) => report(node, `names Express: ${node.getText()}`));
  });
}

/** Lists the allowances that no file uses any more. */
export function idleAllowances({ files }: Sources, allowed: readonly ExpressName[] = ALLOWED): string[] {
  const used = new Set(
    files.flatMap((file) => [...nodesBelow(file)].map((node) => `${file.fileName} ${textOf(node) ?? ''}`)),
  );
  return allowed.map(({ file, text }) => `${file} ${text}`).filter((name) => !used.has(name));
}

/** Returns the text of an identifier, of a string, of a part of a template literal, or of a regular expression. */
function textOf(node: ts.Node): string | undefined {
  const isName = ts.isIdentifier(node) || ts.isPrivateIdentifier(node);
  return isName || ts.isLiteralExpression(node) || ts.isTemplateHead(node) || ts.isTemplateMiddleOrTemplateTail(node)
    ? node.text
    : undefined;
}

/** Returns the specifiers './express/...' of a file, and the names that it imports by them. */
function importedFromHome(file: ts.SourceFile): Set<string> {
  const imports = file.statements
    .filter(ts.isImportDeclaration)
    .filter(({ moduleSpecifier }) => textOf(moduleSpecifier)?.startsWith('./express/'));
  const names = imports
    .flatMap((each) => [...nodesBelow(each)])
    .filter((node) => ts.isIdentifier(node) || ts.isStringLiteral(node));

  return new Set(names.map(({ text }) => text));
}
