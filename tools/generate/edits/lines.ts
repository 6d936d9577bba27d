/** Adds to documents, line by line. */

/** Below the last line that matches. */
export function addAfterLastLine(text: string, like: RegExp, line: string): string {
  const lines = text.split('\n');
  const at = lines.findLastIndex((each) => like.test(each));
  if (at < 0) throw new Error(`there is no line like ${String(like)}.`);
  return lines.toSpliced(at + 1, 0, line).join('\n');
}
