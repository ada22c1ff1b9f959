/** Checks that a name is imported by `import type` where only its type is used. */
import ts from 'typescript';
import { allNodes, nodesBelow, report } from './sources.js';
import type { Sources } from './sources.js';

type Binding = ts.ImportClause | ts.ImportSpecifier | ts.NamespaceImport;

/** Lists the names that are imported as values and used as types alone. */
export function typesImportedAsValues({ files, checker }: Sources): string[] {
  return files.flatMap((file) => {
    const nodes = [...nodesBelow(file)];
    const identifiers = nodes.filter(ts.isIdentifier);
    const values = nodes.filter(isBinding).filter((binding) => !ts.isTypeOnlyImportDeclaration(binding));

    return values.flatMap(({ name }) => {
      if (!name) return [];
      const symbol = checker.getSymbolAtLocation(name);
      const uses = identifiers.filter((each) => each !== name && each.text === name.text && isUse(each));
      const own = uses.filter((use) => symbolOf(use, checker) === symbol);
      const isType = own.length > 0 && own.every((use) => isTypeUse(use));
      return isType ? [report(name, `imports "${name.text}" for its type alone: write import type`)] : [];
    });
  });
}

/** Lists the `type` modifiers inside the braces of an import or export. */
export function inlineTypeModifiers(sources: Sources): string[] {
  return allNodes(sources)
    .filter((node) => ts.isImportSpecifier(node) || ts.isExportSpecifier(node))
    .filter((specifier) => specifier.isTypeOnly)
    .map((specifier) => report(specifier, `writes "${specifier.getText()}" inside the braces`));
}

const isBinding = (node: ts.Node): node is Binding =>
  ts.isImportClause(node) || ts.isImportSpecifier(node) || ts.isNamespaceImport(node);

const isUse = ({ parent }: ts.Identifier): boolean => !isBinding(parent);

const symbolOf = (use: ts.Identifier, checker: ts.TypeChecker): ts.Symbol | undefined => {
  if (ts.isShorthandPropertyAssignment(use.parent)) return checker.getShorthandAssignmentValueSymbol(use.parent);
  if (ts.isExportSpecifier(use.parent)) return checker.getExportSpecifierLocalTargetSymbol(use.parent);
  return checker.getSymbolAtLocation(use);
};

/** Tells whether a use leaves no trace in the JavaScript. */
function isTypeUse(use: ts.Identifier): boolean {
  if (ts.isExportSpecifier(use.parent)) return ts.isTypeOnlyExportDeclaration(use.parent);
  const type = ts.findAncestor(use, (node) => ts.isTypeNode(node) || ts.isStatement(node));
  if (!type || !ts.isTypeNode(type)) return ts.findAncestor(use, ts.isInterfaceDeclaration) !== undefined;

  const { parent } = type;
  if (ts.isHeritageClause(parent))
    return parent.token === ts.SyntaxKind.ImplementsKeyword || ts.isInterfaceDeclaration(parent.parent);
  return !ts.isExpressionWithTypeArguments(type) && !isKeptAsMetadata(use);
}

/** Tells whether emitDecoratorMetadata keeps a type: `Foo` of `a: Foo`, of `a: Foo<Bar>` and of `a: Foo | null`. */
function isKeptAsMetadata(use: ts.Identifier): boolean {
  const reference = ts.findAncestor(use, ts.isTypeReferenceNode);
  if (!reference || ts.findAncestor(use, ts.isTypeNode) !== reference) return false;

  const type = ts.isUnionTypeNode(reference.parent) ? reference.parent : reference;
  const { parent } = type;
  if (ts.isParameter(parent) && parent.type === type) return isDecorated(parent.parent);
  const isMember = ts.isPropertyDeclaration(parent) || ts.isMethodDeclaration(parent) || ts.isAccessor(parent);
  return isMember && isDecorated(parent);
}

/** Tells whether a class member or one of its parameters has a decorator; for a constructor also the class. */
function isDecorated(node: ts.Node): boolean {
  const hasDecorator = (each: ts.Node): boolean =>
    ts.canHaveDecorators(each) && (ts.getDecorators(each) ?? []).length > 0;
  const parameters = ts.isFunctionLike(node) ? [...node.parameters] : [];
  const owner = ts.isConstructorDeclaration(node) ? [node.parent] : [];

  return [node, ...owner, ...parameters].some(hasDecorator);
}
