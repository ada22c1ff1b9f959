/** Parses the sources of lib/, or sources that a test plants, for the rules on layout and shape. */
import { readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import ts from 'typescript';
import { filesIn, ROOT } from './project.js';

/** Parsed files, and the checker that finds the declaration of a name. It knows no other package. */
export interface Sources {
  readonly files: readonly ts.SourceFile[];
  readonly checker: ts.TypeChecker;
}

/** A function of any kind that has a name or a body of its own; a function type is none. */
export type FunctionNode =
  | ts.FunctionDeclaration
  | ts.FunctionExpression
  | ts.ArrowFunction
  | ts.MethodDeclaration
  | ts.MethodSignature
  | ts.ConstructorDeclaration
  | ts.AccessorDeclaration;

/** Parses lib/ of this project, or of the folder in the environment variable SHAPE_ROOT. */
export function libSources(): Sources {
  const root = process.env['SHAPE_ROOT'] ?? ROOT;
  const files = filesIn('lib', root).filter((file) => file.endsWith('.ts'));

  return parse(Object.fromEntries(files.map((file) => [file, readFileSync(join(root, file), 'utf8')])));
}

/** Parses texts by their paths, such as `lib/user/a.ts`. They may import each other. */
export function parse(texts: Readonly<Record<string, string>>): Sources {
  const options = { noLib: true, types: [], experimentalDecorators: true };
  const host = ts.createCompilerHost(options, true);
  host.getCurrentDirectory = () => '/';
  host.getSourceFile = (file) => {
    const text = texts[file];
    return text === undefined ? undefined : ts.createSourceFile(file, text, ts.ScriptTarget.ES2023, true);
  };
  host.resolveModuleNameLiterals = (names, importer) =>
    names.map(({ text }) => {
      const resolvedFileName = posix.join(posix.dirname(importer), text.replace(/\.js$/, '.ts')).slice(1);
      const isOurs = text.startsWith('.') && resolvedFileName in texts;
      return { resolvedModule: isOurs ? { resolvedFileName, extension: ts.Extension.Ts } : undefined };
    });

  const program = ts.createProgram(Object.keys(texts), options, host);
  const files = Object.keys(texts).map((file) => program.getSourceFile(file));
  return { files: files.filter((file) => file !== undefined), checker: program.getTypeChecker() };
}

/** Yields every node below a node. `isClosed` tells which nodes are not entered. */
export function* nodesBelow(node: ts.Node, isClosed: (node: ts.Node) => boolean = () => false): Generator<ts.Node> {
  const children: ts.Node[] = [];
  ts.forEachChild(node, (child) => void children.push(child));

  for (const child of children) {
    yield child;
    if (!isClosed(child)) yield* nodesBelow(child, isClosed);
  }
}

/** Returns every node of all files. */
export const allNodes = ({ files }: Sources): ts.Node[] => files.flatMap((file) => [...nodesBelow(file)]);

/** Returns every function of all files. */
export const allFunctions = (sources: Sources): FunctionNode[] => allNodes(sources).filter(isFunctionNode);

/** Tells whether a node is a function, and not only the type of one. */
export function isFunctionNode(node: ts.Node): node is FunctionNode {
  return (
    ts.isFunctionDeclaration(node) ||
    ts.isFunctionExpression(node) ||
    ts.isArrowFunction(node) ||
    ts.isMethodDeclaration(node) ||
    ts.isMethodSignature(node) ||
    ts.isConstructorDeclaration(node) ||
    ts.isAccessor(node)
  );
}

/** Returns the body of a function; undefined for an abstract method, a method of an interface and an overload. */
export const bodyOf = (node: FunctionNode): ts.ConciseBody | undefined =>
  ts.isMethodSignature(node) ? undefined : node.body;

/** Returns the parameters that a caller passes: `this` is none. */
export const parametersOf = (node: FunctionNode): ts.ParameterDeclaration[] =>
  node.parameters.filter(({ name }) => !ts.isIdentifier(name) || name.text !== 'this');

/** Returns `Class.method`, `function`, or the name of what an arrow is assigned to. */
export function nameOf(node: FunctionNode): string {
  const { parent } = node;
  const isKept =
    ts.isVariableDeclaration(parent) || ts.isPropertyDeclaration(parent) || ts.isPropertyAssignment(parent);
  const named = node.name ?? (isKept ? parent.name : undefined);
  const own = ts.isConstructorDeclaration(node) ? 'constructor' : (named?.getText() ?? 'a function without a name');
  const around = isKept ? parent.parent : parent;
  const isMember = ts.isClassLike(around) || ts.isInterfaceDeclaration(around);

  return isMember && around.name ? `${around.name.text}.${own}` : own;
}

/** Returns the line on which a node begins, its docstring excluded, counted from 0. */
export const firstLine = (node: ts.Node): number =>
  node.getSourceFile().getLineAndCharacterOfPosition(node.getStart()).line;

/** Returns the line on which a node ends, counted from 0. */
export const lastLine = (node: ts.Node): number => node.getSourceFile().getLineAndCharacterOfPosition(node.end).line;

/** Returns a violation as one line of text: `file:line what`. */
export const report = (node: ts.Node, what: string): string =>
  `${node.getSourceFile().fileName}:${firstLine(node) + 1} ${what.replaceAll(/\s+/g, ' ')}`;
