/** Reads the public surface with the TypeScript compiler: its names, names without a docstring, and each `any`. */
import { readFileSync } from 'node:fs';
import { join, posix, relative, sep } from 'node:path';
import ts from 'typescript';
import { ROOT } from './project.js';

/** A compiled package: the program, and the file that each subpath leads to. */
export interface Surface {
  readonly root: string;
  readonly program: ts.Program;
  readonly entries: ReadonlyMap<string, ts.SourceFile>;
}

/** The subpaths of package.json with the source of each: `nestjs-login/testing` and `lib/testing/index.ts`. */
export function subpaths(): Record<string, string> {
  const { name, exports } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    name: string;
    exports: Record<string, string | { import: { types: string } }>;
  };
  const pairs = Object.entries(exports).flatMap(([path, target]) =>
    typeof target === 'string'
      ? []
      : [[posix.join(name, path), target.import.types.replace('./dist/esm/', 'lib/').replace('.d.ts', '.ts')]],
  );
  return Object.fromEntries(pairs) as Record<string, string>;
}

/**
 * Compiles the entries (subpath -> file below the root) with the options of the package; a planted tree without Node's
 * types.
 */
export function compile(entries: Readonly<Record<string, string>>, root = ROOT): Surface {
  const host = { ...ts.sys, onUnRecoverableConfigFileDiagnostic: () => undefined };
  const config = ts.getParsedCommandLineOfConfigFile(join(ROOT, 'tsconfig.esm.json'), { sourceMap: false }, host);
  const { rootDir: _rootDir, outDir: _outDir, paths: _paths, ...options } = config?.options ?? {};
  const files = Object.entries(entries);
  const program = ts.createProgram(
    files.map(([, file]) => join(root, file)),
    root === ROOT ? options : { ...options, types: [] },
  );
  const sources = files.map(([subpath, file]) => {
    const source = program.getSourceFile(join(root, file));
    if (!source) throw new Error(`${subpath} leads to ${file}, which is not there.`);
    return [subpath, source] as const;
  });
  return { root, program, entries: new Map(sources) };
}

const KINDS: readonly (readonly [ts.SymbolFlags, string])[] = [
  [ts.SymbolFlags.Class, 'class'],
  [ts.SymbolFlags.Function, 'function'],
  [ts.SymbolFlags.Variable, 'const'],
  [ts.SymbolFlags.Enum, 'enum'],
  [ts.SymbolFlags.Interface, 'interface'],
  [ts.SymbolFlags.TypeAlias, 'type'],
  [ts.SymbolFlags.Module, 'namespace'],
];

/** Every export of every subpath, with the symbol that it stands for. */
function exported({ program, entries }: Surface) {
  const checker = program.getTypeChecker();
  return [...entries].flatMap(([subpath, source]) => {
    const module = checker.getSymbolAtLocation(source);
    return (module ? checker.getExportsOfModule(module) : []).map((symbol) => {
      const typeOnly = symbol.declarations?.some((node) => ts.isTypeOnlyExportDeclaration(node));
      const target = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
      const kinds = KINDS.filter(([flag]) => target.flags & flag).map(([, kind]) => kind);
      // A class that is exported as a type cannot be extended or injected: that is another promise.
      const kind = typeOnly && target.flags & ts.SymbolFlags.Value ? 'type' : kinds.join(' and ');
      return { subpath, name: symbol.name, kind, target };
    });
  });
}

/** The public names as sorted lines: `subpath: name (kind)`. */
export function exportLines(surface: Surface): string[] {
  return exported(surface)
    .map(({ subpath, name, kind }) => `${subpath}: ${name} (${kind})`)
    .sort();
}

const nameOf = (node: ts.Node): ts.Node | undefined => (node as ts.NamedDeclaration).name;

const isHidden = (member: ts.Symbol) =>
  member.declarations?.every(
    (node) =>
      !!(ts.getCombinedModifierFlags(node) & (ts.ModifierFlags.Private | ts.ModifierFlags.Protected)) ||
      ts.isConstructorDeclaration(node) ||
      nameOf(node)?.kind === ts.SyntaxKind.PrivateIdentifier ||
      ts.isTypeParameterDeclaration(node),
  ) ?? true;

/**
 * The exports of ours without a docstring, and the public members of exported classes, and the fields of exported
 * options, without one. A member may inherit the docstring of the port that it implements.
 */
export function undocumented(surface: Surface): string[] {
  const checker = surface.program.getTypeChecker();
  const isOurs = (symbol: ts.Symbol) =>
    symbol.declarations?.some((node) => !surface.program.isSourceFileFromExternalLibrary(node.getSourceFile()));
  const isSilent = (symbol: ts.Symbol) => symbol.getDocumentationComment(checker).length === 0;
  return exported(surface)
    .filter(({ target }) => isOurs(target))
    .flatMap(({ subpath, name, target }) => {
      const isClass = target.flags & ts.SymbolFlags.Class;
      const hasFields = isClass || (target.flags & ts.SymbolFlags.Interface && name.endsWith('Options'));
      const members = hasFields ? [...(target.members?.values() ?? [])] : [];
      const statics = isClass ? [...(target.exports?.values() ?? [])] : [];
      const silent = [...members, ...statics].filter((member) => !isHidden(member) && isSilent(member));
      return [
        ...(isSilent(target) ? [`${subpath}: ${name}`] : []),
        ...silent.map((member) => `${subpath}: ${name}.${member.name}`),
      ];
    });
}

/** Returns each `any` in the declarations that users compile against, as `file: name`. */
export function anys({ root, program }: Surface): string[] {
  const found: string[] = [];
  const emitted = program.emit(
    undefined,
    (file, text) => {
      const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
      const visit = (node: ts.Node, path: readonly string[]): void => {
        const name = ts.isConstructorDeclaration(node) ? 'constructor' : nameOf(node)?.getText();
        const here = name ? [...path, name] : path;
        const isAny = node.kind === ts.SyntaxKind.AnyKeyword || (ts.isParameter(node) && !node.type);
        if (isAny) found.push(`${relative(root, file).split(sep).join('/')}: ${here.join('.')}`);
        ts.forEachChild(node, (child) => visit(child, here));
      };
      visit(source, []);
    },
    undefined,
    true,
  );
  const broken = emitted.diagnostics.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'));
  return [...new Set(found), ...broken];
}

/**
 * Compares the recorded names with the real ones. Answers the text to record when they are to be accepted, else
 * undefined.
 *
 * @throws Error that says which names came and went, and how to accept them; always where CI is set.
 */
export function reconcile(
  recorded: readonly string[],
  actual: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): string | undefined {
  const added = actual.filter((line) => !recorded.includes(line)).map((line) => `  + ${line}`);
  const removed = recorded.filter((line) => !actual.includes(line)).map((line) => `  - ${line}`);
  if (added.length + removed.length === 0) return undefined;
  if (env['UPDATE_EXPORTS'] === '1' && !env['CI']) return `${actual.join('\n')}\n`;
  throw new Error(
    [
      'The public exports are not those of test/architecture/public-exports.txt:',
      ...added,
      ...removed,
      env['UPDATE_EXPORTS'] === '1'
        ? 'UPDATE_EXPORTS=1 is refused where CI is set: accept them on a machine of your own and commit the file.'
        : 'If that is meant, accept them with UPDATE_EXPORTS=1 npm test -- test/architecture, and commit the file.',
    ].join('\n'),
  );
}
