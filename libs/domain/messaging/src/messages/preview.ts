const PREVIEW_LENGTH = 500;

/** The beginning of a text, never half of a character. */
export function previewOf(text: string | null): string | null {
  if (text === null || text.length <= PREVIEW_LENGTH) return text;
  const last = text.charCodeAt(PREVIEW_LENGTH - 1);
  const isHalf = last >= 0xd800 && last < 0xdc00;
  return text.slice(0, isHalf ? PREVIEW_LENGTH - 1 : PREVIEW_LENGTH);
}
