/** Checks that a closure returns its result, and assigns to no variable outside of it. */
import ts from 'typescript';
import { allNodes, report } from './sources.js';
import type { Sources } from './sources.js';

/** Lists the assignments inside a function to a variable or parameter of a function around it. */
export function outerAssignments(sources: Sources): string[] {
  const targets = allNodes(sources).flatMap(targetsOf);
  const outer = [...new Set(targets)].filter((target) => isOuter(target, sources.checker));

  return outer.map((target) => report(target, `assigns to "${target.text}" of a function around it`));
}

const STEPS: readonly ts.SyntaxKind[] = [ts.SyntaxKind.PlusPlusToken, ts.SyntaxKind.MinusMinusToken];

const isAssignment = (kind: ts.SyntaxKind): boolean =>
  kind >= ts.SyntaxKind.FirstAssignment && kind <= ts.SyntaxKind.LastAssignment;

/** Returns the variables that an expression or a loop assigns to. */
function targetsOf(node: ts.Node): ts.Identifier[] {
  if (ts.isBinaryExpression(node) && isAssignment(node.operatorToken.kind)) return namesIn(node.left);
  if (ts.isPostfixUnaryExpression(node)) return namesIn(node.operand);
  if (ts.isPrefixUnaryExpression(node)) return STEPS.includes(node.operator) ? namesIn(node.operand) : [];
  return ts.isForOfStatement(node) || ts.isForInStatement(node) ? namesIn(node.initializer) : [];
}

/** Returns the names on the left of an assignment; members such as `this.a` are none. */
function namesIn(target: ts.Node): ts.Identifier[] {
  if (ts.isIdentifier(target)) return [target];
  if (ts.isArrayLiteralExpression(target)) return target.elements.flatMap(namesIn);
  if (ts.isObjectLiteralExpression(target)) return target.properties.flatMap(namesIn);
  if (ts.isShorthandPropertyAssignment(target)) return [target.name];
  if (ts.isPropertyAssignment(target)) return namesIn(target.initializer);
  if (ts.isBinaryExpression(target)) return namesIn(target.left);
  return isWrapper(target) ? namesIn(target.expression) : [];
}

const isWrapper = (node: ts.Node): node is ts.ParenthesizedExpression | ts.SpreadElement =>
  ts.isParenthesizedExpression(node) ||
  ts.isSpreadElement(node) ||
  ts.isSpreadAssignment(node) ||
  ts.isAsExpression(node) ||
  ts.isNonNullExpression(node);

function isOuter(target: ts.Identifier, checker: ts.TypeChecker): boolean {
  const symbol = ts.isShorthandPropertyAssignment(target.parent)
    ? checker.getShorthandAssignmentValueSymbol(target.parent)
    : checker.getSymbolAtLocation(target);
  const declaration = symbol?.valueDeclaration;
  const home = declaration && functionAround(declaration);

  return home !== undefined && home !== functionAround(target);
}

const functionAround = (node: ts.Node): ts.Node | undefined => ts.findAncestor(node.parent, ts.isFunctionLike);
