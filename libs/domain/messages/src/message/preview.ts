import { contentIn, type Said } from '../kinds/message-kinds';

const PREVIEW_LENGTH = 500;

/** The beginning of the text, never cut within a character. A message without a text shows the content of its kind: a poll's question. */
export function previewOf(message: Said): string | null {
  const known = contentIn(message);
  const text = message.text ?? known?.kind.preview(known.content) ?? null;
  if (text === null || text.length <= PREVIEW_LENGTH) return text;
  const last = text.charCodeAt(PREVIEW_LENGTH - 1);
  const isHalf = last >= 0xd800 && last < 0xdc00;
  return text.slice(0, isHalf ? PREVIEW_LENGTH - 1 : PREVIEW_LENGTH);
}
