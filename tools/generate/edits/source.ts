/** Where things stand in TypeScript: what the edits of this folder look for. Each throws an Error that says what it did not find. */
import * as ts from 'typescript';

export const parse = (text: string): ts.SourceFile =>
  ts.createSourceFile('source.ts', text, ts.ScriptTarget.Latest, /* setParentNodes */ true);

export const insertAt = (text: string, at: number, added: string): string => text.slice(0, at) + added + text.slice(at);

/** The first node, in the order of the text, that `test` takes. */
export function findNode<T extends ts.Node>(from: ts.Node, test: (node: ts.Node) => node is T): T | undefined {
  if (test(from)) return from;
  return ts.forEachChild(from, (child) => findNode(child, test));
}

/** Without `as const`, `satisfies …` and brackets. */
function bare(expression: ts.Expression | undefined): ts.Expression | undefined {
  if (!expression) return undefined;
  const wrapped =
    ts.isAsExpression(expression) || ts.isSatisfiesExpression(expression) || ts.isParenthesizedExpression(expression);
  return wrapped ? bare(expression.expression) : expression;
}

function variable(file: ts.Node, name: string): ts.Expression | undefined {
  const isIt = (node: ts.Node): node is ts.VariableDeclaration =>
    ts.isVariableDeclaration(node) && node.name.getText() === name;
  return bare(findNode(file, isIt)?.initializer);
}

export function objectNamed(file: ts.SourceFile, name: string): ts.ObjectLiteralExpression {
  const given = variable(file, name);
  // `open({ … })` as well
  const value = given && ts.isCallExpression(given) ? given.arguments[0] : given;
  if (!value || !ts.isObjectLiteralExpression(value)) throw new Error(`there is no object \`${name}\`.`);
  return value;
}

export function arrayNamed(file: ts.Node, name: string): ts.ArrayLiteralExpression {
  const value = variable(file, name);
  if (!value || !ts.isArrayLiteralExpression(value)) throw new Error(`there is no list \`${name}\`.`);
  return value;
}

export function classNamed(file: ts.SourceFile, name: string): ts.ClassDeclaration {
  const isIt = (node: ts.Node): node is ts.ClassDeclaration => ts.isClassDeclaration(node) && node.name?.text === name;
  const found = findNode(file, isIt);
  if (!found) throw new Error(`there is no class \`${name}\`.`);
  return found;
}

export function functionNamed(file: ts.SourceFile, name: string): ts.FunctionDeclaration {
  const isIt = (node: ts.Node): node is ts.FunctionDeclaration =>
    ts.isFunctionDeclaration(node) && node.name?.text === name;
  const found = findNode(file, isIt);
  if (!found) throw new Error(`there is no function \`${name}\`.`);
  return found;
}

export const nameOf = (property: ts.ObjectLiteralElementLike | ts.ClassElement | ts.TypeElement): string => {
  const { name } = property;
  if (!name) return '';
  return ts.isStringLiteral(name) || ts.isIdentifier(name) ? name.text : name.getText();
};

export const propertyOf = (object: ts.ObjectLiteralExpression, name: string): ts.ObjectLiteralElementLike | undefined =>
  object.properties.find((property) => nameOf(property) === name);

/** What a class decorator such as `@Module({ … })` is given. */
export function decoratorArgument(of: ts.ClassDeclaration, decorator: string): ts.Expression | undefined {
  const calls = (ts.getDecorators(of) ?? []).map(({ expression }) => expression).filter(ts.isCallExpression);
  return calls.find((call) => call.expression.getText() === decorator)?.arguments[0];
}

/** A list of a Nest module, in its decorator or in what a static method of it returns. Undefined when it has no such list. */
export function moduleList(file: ts.SourceFile, module: string, list: string): ts.ArrayLiteralExpression | undefined {
  const isIt = (node: ts.Node): node is ts.PropertyAssignment => ts.isPropertyAssignment(node) && nameOf(node) === list;
  const value = bare(findNode(classNamed(file, module), isIt)?.initializer);
  if (!value || ts.isArrayLiteralExpression(value)) return value;
  // `providers: PROVIDERS`
  return arrayNamed(file, value.getText());
}
