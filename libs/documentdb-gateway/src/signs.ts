import { DIFFERENCES } from './differences';

const DIFFERING: ReadonlySet<string> = new Set(DIFFERENCES.flatMap(({ signs }) => signs));

/**
 * What of a command the embedded engine does otherwise than MongoDB, by the signs of `DIFFERENCES`.
 * @param command as a driver has it before it is encoded
 */
export function differingIn(command: object): string[] {
  const [name = ''] = Object.keys(command);
  const found = new Set([name]);
  for (const [field, value] of Object.entries(command)) {
    found.add(`${name}.${field}`);
    if (!Array.isArray(value)) continue;
    for (const statement of value as unknown[])
      if (isDocument(statement)) for (const inner of Object.keys(statement)) found.add(`${name}.${field}.${inner}`);
  }
  collectOperators(command, found);
  return [...found].filter((sign) => DIFFERING.has(sign));
}

function collectOperators(value: unknown, into: Set<string>): void {
  if (Array.isArray(value)) for (const each of value as unknown[]) collectOperators(each, into);
  if (!isDocument(value)) return;
  for (const [name, inner] of Object.entries(value)) {
    if (name.startsWith('$')) into.add(name);
    collectOperators(inner, into);
  }
}

/** A plain object. Others (ids, dates, the documents of a mapper) have no operators, or are encoded by themselves. */
function isDocument(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
