/** JavaScript treats `__proto__` as the prototype; the driver treats `_bsontype` as the type of a BSON value. */
const RESERVED_NAMES = new Set(['__proto__', '_bsontype']);
const DOLLAR = 0x24;

/**
 * What is wrong with any text; null when nothing is. An unpaired surrogate would be stored as U+FFFD, so that two different texts
 * become equal. PostgreSQL, below the embedded engine, cannot store NUL in a text, and MongoDB cannot in a name.
 */
export function textProblem(text: string): string | null {
  if (!text.isWellFormed()) return 'must be well-formed Unicode';
  return text.includes('\0') ? 'must not hold NUL (U+0000)' : null;
}

/** Whether a field may have the name. The engine would read a name with `$` as an operator. */
export function isFieldName(name: string): boolean {
  return name.charCodeAt(0) !== DOLLAR && !RESERVED_NAMES.has(name) && textProblem(name) === null;
}
