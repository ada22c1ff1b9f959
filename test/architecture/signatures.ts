/** Checks the parameters of functions: how many there are, and that none is a bare boolean. */
import ts from 'typescript';
import { allFunctions, nameOf, parametersOf, report } from './sources.js';
import type { FunctionNode, Sources } from './sources.js';

/** Parameters of a constructor. */
export const MOST_OF_CONSTRUCTOR = 5;
/** Parameters of every other function. A rest parameter counts as one. */
export const MOST_OF_FUNCTION = 3;

/** Functions with parameters that another package decides, by name (`Class.method` or `function`), with the reason. */
export const DICTATED: Readonly<Record<string, string>> = {};

/** Lists the constructors with over five parameters, and the other functions with over three. */
export function longSignatures(sources: Sources, dictated = DICTATED): string[] {
  return ours(sources, dictated).flatMap((node) => {
    const most = ts.isConstructorDeclaration(node) ? MOST_OF_CONSTRUCTOR : MOST_OF_FUNCTION;
    const count = parametersOf(node).length;
    return count > most ? [report(node, `${nameOf(node)} has ${count} parameters`)] : [];
  });
}

/** Lists the boolean parameters that stand beside others: a call would read `open(request, true)`. */
export function booleanParameters(sources: Sources, dictated = DICTATED): string[] {
  return ours(sources, dictated).flatMap((node) => {
    const parameters = parametersOf(node);
    if (parameters.length < 2) return [];

    return parameters
      .filter((parameter) => ts.isIdentifier(parameter.name) && isBoolean(parameter))
      .map((parameter) => report(parameter, `${nameOf(node)} takes the boolean "${parameter.name.getText()}"`));
  });
}

/** Lists the dictated names that no function has: the exemption is to go with its function. */
export function idleExemptions(sources: Sources, dictated = DICTATED): string[] {
  const names = new Set(allFunctions(sources).map(nameOf));
  return Object.keys(dictated).filter((name) => !names.has(name));
}

const ours = (sources: Sources, dictated: Readonly<Record<string, string>>): FunctionNode[] =>
  allFunctions(sources).filter((node) => !Object.hasOwn(dictated, nameOf(node)));

const isTruth = (node: ts.Node | undefined): boolean =>
  node?.kind === ts.SyntaxKind.TrueKeyword || node?.kind === ts.SyntaxKind.FalseKeyword;

const isBoolean = ({ type, initializer }: ts.ParameterDeclaration): boolean =>
  isTruth(initializer) || (type !== undefined && isBooleanType(type));

const isAbsence = (type: ts.TypeNode): boolean =>
  type.kind === ts.SyntaxKind.UndefinedKeyword ||
  (ts.isLiteralTypeNode(type) && type.literal.kind === ts.SyntaxKind.NullKeyword);

/** Tells whether a type is `boolean`, also where undefined or null is allowed beside it. */
function isBooleanType(type: ts.TypeNode): boolean {
  if (ts.isParenthesizedTypeNode(type)) return isBooleanType(type.type);
  if (ts.isLiteralTypeNode(type)) return isTruth(type.literal);
  if (!ts.isUnionTypeNode(type)) return type.kind === ts.SyntaxKind.BooleanKeyword;

  const present = type.types.filter((member) => !isAbsence(member));
  return present.length > 0 && present.every(isBooleanType);
}
