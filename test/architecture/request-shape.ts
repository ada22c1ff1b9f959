/** Checks how the work of one request is spread: one object holds it, and few functions are handed the request. */
import ts from 'typescript';
import { allFunctions, allNodes, bodyOf, nameOf, parametersOf, report } from './sources.js';
import type { FunctionNode, Sources } from './sources.js';
import { CONTEXT, TRANSITIONS } from './transitions.js';
import type { Transition } from './transitions.js';

/** Functions outside of the service with the request as their first parameter. */
export const MOST_WITH_REQUEST = 15;

/** The face of the package takes a request in each of its methods. */
const SERVICE = 'lib/login-manager.service.ts';

/** In these folders an `object` that keys a map is a request. */
const ABOUT_REQUESTS = /^lib\/(context|session|http|remember-me|challenge|express|user|guards)\//;

/** These hold the objects of a platform: a request with its response. */
const NEAR_RESPONSE = /^lib\/(http|express)\//;

/** Lists the maps and sets keyed by a request: the context of a request is all that is kept for it. */
export function requestMaps(sources: Sources): string[] {
  const maps = allNodes(sources).filter(ts.isNewExpression).filter(isKeyedByRequest);
  return maps.map((node) => report(node, `${node.getText()} is keyed by a request`));
}

/** Lists the functions that take a request first where there are more than 15. */
export function functionsWithRequest(sources: Sources): string[] {
  const all = allFunctions(sources).filter((node) => node.getSourceFile().fileName !== SERVICE && takesRequest(node));
  const written = all.filter(bodyOf);
  const names = new Set(written.map(ownName));
  const counted = [...written, ...all.filter((node) => !bodyOf(node) && !names.has(ownName(node)))];

  if (counted.length <= MOST_WITH_REQUEST) return [];
  return counted.map((node) => report(node, `${nameOf(node)} takes the request`));
}

/** Lists where `res` is read from a request outside of lib/http/ and lib/express/. */
export function responseReads(sources: Sources): string[] {
  return allNodes(sources)
    .filter((node) => !NEAR_RESPONSE.test(node.getSourceFile().fileName))
    .filter((node) => memberOf(node)?.text === 'res' || isTakenApart(node, 'res'))
    .map((node) => report(node, `reads the response by ${node.getText()}`));
}

/**
 * Lists where a method that changes a request is used outside of its owner and of the context. A method of the same
 * name that is declared elsewhere is another one. The name counts where the compiler does not find the declaration.
 */
export function strayTransitions(sources: Sources, table: readonly Transition[] = TRANSITIONS): string[] {
  const nodes = allNodes(sources);
  return table.flatMap(({ part, owner, methods }) => {
    const used = nodes.filter((node) => methods.includes(memberOf(node)?.text ?? ''));
    const outside = used.filter((node) => ![CONTEXT, owner].includes(node.getSourceFile().fileName));
    const homes = [owner, ...portsOf(owner, sources)];

    return outside
      .filter((node) => declarationsOf(memberOf(node), sources).every((file) => homes.includes(file)))
      .map((node) => report(node, `${node.getText()} changes the ${part} outside of the context`));
  });
}

/** Lists the methods of the table that their owner does not have: a rule about them would hold nothing. */
export function unknownTransitions(sources: Sources, table: readonly Transition[] = TRANSITIONS): string[] {
  const known = new Set(allFunctions(sources).map((node) => `${node.getSourceFile().fileName} ${ownName(node)}`));
  const listed = table.flatMap(({ owner, methods }) => methods.map((method) => `${owner} ${method}`));

  return listed.filter((method) => !known.has(method));
}

/** Tells whether a new map or set has requests as keys, by its type argument or by the declared type around it. */
function isKeyedByRequest(node: ts.NewExpression): boolean {
  const kind = /^(?<weak>Weak)?(Map|Set)$/.exec(node.expression.getText());
  if (!kind) return false;

  const { parent } = node;
  const isKept = ts.isVariableDeclaration(parent) || ts.isPropertyDeclaration(parent) || ts.isParameter(parent);
  const declared = isKept && parent.type && ts.isTypeReferenceNode(parent.type) ? parent.type.typeArguments : undefined;
  const key = (node.typeArguments ?? declared)?.[0]?.getText() ?? 'object';
  if (/Request|IncomingMessage/.test(key)) return true;

  const isAnyObject = kind.groups?.['weak'] !== undefined && /^(object|WeakKey)$/.test(key);
  return isAnyObject && ABOUT_REQUESTS.test(node.getSourceFile().fileName);
}

function takesRequest(node: FunctionNode): boolean {
  const name = parametersOf(node)[0]?.name;
  return name !== undefined && /^_?req(uest)?$/.test(name.getText());
}

/** Returns the name of a function without the name of its class. A function without a class keeps its name. */
const ownName = (node: FunctionNode): string => nameOf(node).split('.').at(-1) ?? '';

/** Returns `b` of `a.b`, of `a?.b` and of `a['b']`; a private name is undefined, since its class alone can use it. */
function memberOf(node: ts.Node): ts.Identifier | ts.StringLiteralLike | undefined {
  if (ts.isPropertyAccessExpression(node)) return ts.isIdentifier(node.name) ? node.name : undefined;
  if (!ts.isElementAccessExpression(node)) return undefined;
  return ts.isStringLiteralLike(node.argumentExpression) ? node.argumentExpression : undefined;
}

/** Returns the files that declare a name, through imports; none where the compiler does not know. */
function declarationsOf(name: ts.Node | undefined, { checker }: Sources): string[] {
  const symbol = name && checker.getSymbolAtLocation(name);
  const target = symbol && symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;

  return (target?.declarations ?? []).map((declaration) => declaration.getSourceFile().fileName);
}

/** Returns the files of the classes and interfaces that a class of this file extends or implements. */
function portsOf(owner: string, sources: Sources): string[] {
  return allNodes(sources)
    .filter(ts.isHeritageClause)
    .filter((clause) => clause.getSourceFile().fileName === owner)
    .flatMap((clause) => clause.types.flatMap(({ expression }) => declarationsOf(expression, sources)));
}

/** Tells whether a pattern takes a property of this name out of an object: `const { res } = request`. */
function isTakenApart(node: ts.Node, name: string): boolean {
  if (ts.isBindingElement(node))
    return ts.isObjectBindingPattern(node.parent) && (node.propertyName ?? node.name).getText() === name;

  const isProperty = ts.isShorthandPropertyAssignment(node) || ts.isPropertyAssignment(node);
  return isProperty && node.name.getText() === name && isAssigned(node.parent);
}

/** Tells whether an object literal stands on the left of an assignment, at any depth of a pattern. */
function isAssigned(node: ts.Node): boolean {
  const { parent } = node;
  if (ts.isBinaryExpression(parent))
    return parent.operatorToken.kind === ts.SyntaxKind.EqualsToken && parent.left === node;

  const isPattern =
    ts.isPropertyAssignment(parent) ||
    ts.isObjectLiteralExpression(parent) ||
    ts.isArrayLiteralExpression(parent) ||
    ts.isParenthesizedExpression(parent);
  return isPattern && isAssigned(parent);
}
