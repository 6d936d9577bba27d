/** JavaScript reads one as the prototype; the driver reads the other as the type of a value of its own. */
const RESERVED_NAMES = new Set(['__proto__', '_bsontype']);
const DOLLAR = 0x24;

/**
 * What is wrong with a text wherever it stands; null for nothing. Half a surrogate pair would be stored as U+FFFD, so that two texts
 * become one; PostgreSQL, below the embedded engine, has no text with NUL, and MongoDB no name with it.
 */
export function textProblem(text: string): string | null {
  if (!text.isWellFormed()) return 'must be well-formed Unicode';
  return text.includes('\0') ? 'must not hold NUL (U+0000)' : null;
}

/** Whether a field may have the name. One with `$` would be an operator to the engine. */
export function isFieldName(name: string): boolean {
  return name.charCodeAt(0) !== DOLLAR && !RESERVED_NAMES.has(name) && textProblem(name) === null;
}
