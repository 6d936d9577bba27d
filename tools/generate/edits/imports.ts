/** Adds imports and exports, in the order of the alphabet as far as the file has one. */
import * as ts from 'typescript';
import { insertAt, parse } from './source';

type Named = ts.NamedImports | ts.NamedExports;

/** `type X` goes by `X`. */
const plain = (name: string) => name.replace(/^type /, '').toLowerCase();

/** @param name `X` or `type X` */
export function addImport(text: string, name: string, from: string): string {
  const imports = parse(text).statements.filter(ts.isImportDeclaration);
  const isType = name.startsWith('type ');
  for (const { importClause, moduleSpecifier } of imports) {
    const named = importClause?.namedBindings;
    if ((moduleSpecifier as ts.StringLiteral).text !== from || !named || !ts.isNamedImports(named)) continue;
    const isTypesOnly = importClause.phaseModifier === ts.SyntaxKind.TypeKeyword;
    if (!isTypesOnly) return addName(text, named, name);
    if (isType) return addName(text, named, name.replace(/^type /, ''));
  }
  const declaration = isType ? `import type { ${name.replace(/^type /, '')} }` : `import { ${name} }`;
  return addDeclaration(text, imports, `${declaration} from '${from}';`, from);
}

export function addExport(text: string, name: string, from: string): string {
  const exports = parse(text).statements.filter(ts.isExportDeclaration);
  const same = exports.find(
    (each) => !each.isTypeOnly && (each.moduleSpecifier as ts.StringLiteral | undefined)?.text === from,
  );
  if (same?.exportClause && ts.isNamedExports(same.exportClause)) return addName(text, same.exportClause, name);
  return addDeclaration(text, exports, `export { ${name} } from '${from}';`, from);
}

function addName(text: string, { elements }: Named, name: string): string {
  if (elements.some((each) => each.name.text === name.replace(/^type /, ''))) return text;
  const next = elements.find((each) => plain(each.getText()) > plain(name));
  if (next) return insertAt(text, next.getStart(), `${name}, `);
  return insertAt(text, elements.at(-1)?.end ?? elements.pos, elements.length > 0 ? `, ${name}` : name);
}

type Declaration = ts.ImportDeclaration | ts.ExportDeclaration;

/** Packages, then the house's libraries, then the library's own files. */
const rankOf = (from: string) => (from.startsWith('.') ? 2 : from.startsWith('#') ? 1 : 0);

function addDeclaration(text: string, all: readonly Declaration[], declaration: string, from: string): string {
  const of = (each: Declaration) => (each.moduleSpecifier as ts.StringLiteral | undefined)?.text ?? '';
  const alike = all.filter((each) => rankOf(of(each)) === rankOf(from));
  const next = alike.find((each) => of(each) > from) ?? all.find((each) => rankOf(of(each)) > rankOf(from));
  if (next) return insertAt(text, next.getStart(), `${declaration}\n`);
  const last = all.at(-1);
  return last ? insertAt(text, last.end, `\n${declaration}`) : `${declaration}\n${text}`;
}
