import { findNode, parse } from './edits/source';
import * as ts from 'typescript';
import { UsageError } from './usage-error';
import type { Workspace } from './workspace';

const DOMAIN = 'libs/domain';

/** `<library>/<name>` of the command line, of a library that is there. @throws UsageError */
export function splitPlace(given: string | undefined, usage: string): string[] {
  const parts = (given ?? '').split('/');
  if (parts.length < 2 || parts.some((part) => part === '')) {
    throw new UsageError(`"${given}" is not <library>/…: npm run generate -- ${usage}`);
  }
  return parts;
}

/** @throws UsageError */
export function requireLibrary(workspace: Workspace, library: string): void {
  const known = workspace.namesIn(DOMAIN);
  if (known.includes(library)) return;
  throw new UsageError(`There is no library "${library}" in ${DOMAIN}. There is: ${known.join(', ')}.`);
}

/** The file of a library that declares a class, whatever the file's name. */
export function fileOfClass(workspace: Workspace, library: string, className: string): string | undefined {
  const isIt = (node: ts.Node): node is ts.ClassDeclaration =>
    ts.isClassDeclaration(node) && node.name?.text === className;
  // To parse takes much longer than to look for the word.
  const named = (path: string) => workspace.read(path).includes(`class ${className}`);
  const candidates = workspace.sourcesBelow(`${DOMAIN}/${library}/src`).filter((path) => !path.endsWith('.spec.ts'));
  return candidates.filter(named).find((path) => findNode(parse(workspace.read(path)), isIt));
}

/** The path from one file to another, as an import has it. */
export function relativeImport(from: string, to: string): string {
  const [source, target] = [from.split('/').slice(0, -1), to.replace(/\.ts$/, '').split('/')];
  let shared = 0;
  while (source[shared] !== undefined && source[shared] === target[shared]) shared += 1;
  const up = source.length - shared;
  return `${up === 0 ? './' : '../'.repeat(up)}${target.slice(shared).join('/')}`;
}
