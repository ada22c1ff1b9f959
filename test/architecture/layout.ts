/** Checks the layout of functions, lines and files: steps that can be seen, and nothing too long to be read at once. */
import ts from 'typescript';
import { allFunctions, bodyOf, firstLine, isFunctionNode, lastLine, nameOf, nodesBelow, report } from './sources.js';
import type { Sources } from './sources.js';

/** Lines of a body without a blank line. */
export const MOST_WITHOUT_AIR = 12;
/** Lines of a function, from its first to its closing brace. */
export const MOST_OF_FUNCTION = 40;
/** Characters of a line. */
export const MOST_OF_LINE = 120;
/** Lines of a file that are neither blank nor comment. */
export const MOST_OF_FILE = 180;

/** Lists the functions over 12 lines that have several steps and no blank line between them. */
export function crowdedFunctions(sources: Sources): string[] {
  return allFunctions(sources).flatMap((node) => {
    const body = bodyOf(node);
    if (!body || !ts.isBlock(body)) return [];

    const lines = lastLine(body) - firstLine(body) - 1;
    const isCrowded = lines > MOST_WITHOUT_AIR && hasSteps(body) && !hasAir(body);
    return isCrowded ? [report(node, `${nameOf(node)} has ${lines} lines and no blank line`)] : [];
  });
}

/** Lists the functions over 40 lines. A docstring does not count. */
export function longFunctions(sources: Sources): string[] {
  return allFunctions(sources).flatMap((node) => {
    const lines = lastLine(node) - firstLine(node) + 1;
    return lines > MOST_OF_FUNCTION ? [report(node, `${nameOf(node)} has ${lines} lines`)] : [];
  });
}

/** Lists the lines over 120 characters, those of comments and of template literals included. */
export function longLines({ files }: Sources): string[] {
  return files.flatMap((file) =>
    file.text.split('\n').flatMap((line, at) => {
      const characters = Array.from(line).length;
      return characters > MOST_OF_LINE ? [`${file.fileName}:${at + 1} ${characters} characters`] : [];
    }),
  );
}

/** Lists the files over 180 lines that are neither blank nor comment. */
export function longFiles({ files }: Sources): string[] {
  return files.flatMap((file) => {
    const lines = codeLines(file).size;
    return lines > MOST_OF_FILE ? [`${file.fileName}:1 ${lines} lines of code`] : [];
  });
}

/** Tells whether two statements follow each other anywhere in a body; a function inside has steps of its own. */
function hasSteps(body: ts.Block): boolean {
  const lists = [body, ...nodesBelow(body, isFunctionNode)].filter(
    (node) => ts.isBlock(node) || ts.isCaseOrDefaultClause(node),
  );

  return lists.some(({ statements }) => statements.length > 1);
}

/** Tells whether a body has a blank line that is neither in a template literal nor in a function inside. */
function hasAir(body: ts.Block): boolean {
  const isOpaque = (node: ts.Node): boolean => isFunctionNode(node) || isTemplate(node);
  const opaque = [...nodesBelow(body, isOpaque)].filter(isOpaque);
  const lines = body.getSourceFile().text.split('\n');

  return lines
    .map((line, at) => ({ at, isBlank: line.trim() === '' }))
    .slice(firstLine(body) + 1, lastLine(body))
    .some(({ at, isBlank }) => isBlank && !opaque.some((node) => firstLine(node) < at && at < lastLine(node)));
}

const isTemplate = (node: ts.Node): boolean =>
  ts.isTemplateExpression(node) || ts.isNoSubstitutionTemplateLiteral(node);

/** Returns the lines that a token stands on. A blank line inside a template literal is still blank. */
function codeLines(file: ts.SourceFile): Set<number> {
  const lines = file.text.split('\n');
  const covered = tokensOf(file, file).flatMap((token) => {
    const first = firstLine(token);
    return Array.from({ length: lastLine(token) - first + 1 }, (_, offset) => first + offset);
  });

  return new Set(covered.filter((line) => lines[line]?.trim() !== ''));
}

/** Returns the tokens below a node. Comments are none, docstrings included. */
function tokensOf(node: ts.Node, file: ts.SourceFile): ts.Node[] {
  if (ts.isJSDoc(node) || node.kind === ts.SyntaxKind.EndOfFileToken) return [];
  const children = node.getChildren(file);

  if (children.length === 0) return node.kind === ts.SyntaxKind.SyntaxList ? [] : [node];
  return children.flatMap((child) => tokensOf(child, file));
}
