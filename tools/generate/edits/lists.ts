/** Adds to lists, objects, classes and interfaces. The text that comes out is right but not formatted. */
import * as ts from 'typescript';
import {
  arrayNamed,
  classNamed,
  decoratorArgument,
  findNode,
  functionNamed,
  insertAt,
  moduleList,
  nameOf,
  objectNamed,
  parse,
  propertyOf,
} from './source';

type Elements = ts.NodeArray<ts.Node>;

/** In front of `before`, or at the end. A comma is there afterwards, whether one was there or not. */
function added(text: string, elements: Elements, element: string, before?: ts.Node): string {
  if (before) return insertAt(text, before.getStart(undefined, /* includeJsDocComment */ true), `${element},\n`);
  if (elements.length === 0) return insertAt(text, elements.pos, element);
  return insertAt(text, elements.end, elements.hasTrailingComma ? `\n${element},` : `,\n${element}`);
}

/** Adds `property` (`key: value`) to the object that the constant `object` is. */
export function addProperty(text: string, object: string, property: string, before?: string): string {
  const { properties } = objectNamed(parse(text), object);
  const place = before === undefined ? undefined : properties.find((each) => nameOf(each) === before);
  return added(text, properties, property, place);
}

export function hasProperty(text: string, object: string, name: string): boolean {
  return propertyOf(objectNamed(parse(text), object), name) !== undefined;
}

export const addToArray = (text: string, array: string, element: string): string =>
  added(text, arrayNamed(parse(text), array).elements, element);

/** The same for the first list in a property of an object, such as `z.enum(['a', 'b'])`. */
export function addToListIn(text: string, object: string, property: string, element: string): string {
  const found = propertyOf(objectNamed(parse(text), object), property);
  const list = found && findNode(found, ts.isArrayLiteralExpression);
  if (!list) throw new Error(`there is no list in \`${property}\` of \`${object}\`.`);
  return added(text, list.elements, element);
}

/** The same for a list inside a function. */
export function addToArrayIn(text: string, functionName: string, array: string, element: string): string {
  return added(text, arrayNamed(functionNamed(parse(text), functionName), array).elements, element);
}

/** Adds to a list of a Nest module, such as `providers`; the list is made when there is none. */
export function addToModule(text: string, module: string, list: string, element: string, before?: string): string {
  const file = parse(text);
  const found = moduleList(file, module, list);
  if (found) {
    const place = found.elements.find((each) => each.getText() === before);
    return added(text, found.elements, element, place);
  }
  const metadata = decoratorArgument(classNamed(file, module), 'Module');
  if (!metadata || !ts.isObjectLiteralExpression(metadata)) {
    throw new Error(`the decorator \`@Module({ … })\` of ${module} was not found.`);
  }
  return added(text, metadata.properties, `${list}: [${element}]`);
}

/** Adds a field or a method, after the public ones. */
export function addMember(text: string, className: string, member: string): string {
  const { members, end } = classNamed(parse(text), className);
  const isPrivate = (each: ts.ClassElement) =>
    ts.isMethodDeclaration(each) && (ts.getCombinedModifierFlags(each) & ts.ModifierFlags.Private) !== 0;
  const at = members.find(isPrivate)?.getStart(undefined, true) ?? end - 1;
  return insertAt(text, at, `\n${member}\n\n`);
}

export function hasMember(text: string, className: string, name: string): boolean {
  return classNamed(parse(text), className).members.some((member) => nameOf(member) === name);
}

export function addInterfaceMember(text: string, interfaceName: string, member: string): string {
  const isIt = (node: ts.Node): node is ts.InterfaceDeclaration =>
    ts.isInterfaceDeclaration(node) && node.name.text === interfaceName;
  const found = findNode(parse(text), isIt);
  if (!found) throw new Error(`there is no interface \`${interfaceName}\`.`);
  return insertAt(text, found.end - 1, `${member}\n`);
}

/** In front of the last `return` of a function. */
export function addBeforeReturn(text: string, functionName: string, statement: string): string {
  return insertAt(text, lastReturn(text, functionName).getStart(), `${statement}\n`);
}

/** To the object that a function returns in the end. */
export function addToReturned(text: string, functionName: string, property: string): string {
  const { expression } = lastReturn(text, functionName);
  if (!expression || !ts.isObjectLiteralExpression(expression)) {
    throw new Error(`\`${functionName}\` does not return an object.`);
  }
  return added(text, expression.properties, property);
}

function lastReturn(text: string, functionName: string): ts.ReturnStatement {
  const found = functionNamed(parse(text), functionName).body?.statements.findLast(ts.isReturnStatement);
  if (!found) throw new Error(`\`${functionName}\` has no \`return\` at its end.`);
  return found;
}

/** In front of the statement that declares a constant, with its comment. */
export function addBeforeConstant(text: string, constant: string, statement: string): string {
  const isIt = (node: ts.Node): node is ts.VariableStatement =>
    ts.isVariableStatement(node) && node.declarationList.declarations.some(({ name }) => name.getText() === constant);
  const found = findNode(parse(text), isIt);
  if (!found) throw new Error(`there is no constant \`${constant}\`.`);
  return insertAt(text, found.getStart(undefined, true), `${statement}\n\n`);
}
