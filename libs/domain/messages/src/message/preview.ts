import type { Message } from '../store/message.schema';

const PREVIEW_LENGTH = 500;

/** The beginning of its text, never half of a character; of a poll without a text, its question. */
export function previewOf({ text: own, poll }: Pick<Message, 'text' | 'poll'>): string | null {
  const text = own ?? poll?.question ?? null;
  if (text === null || text.length <= PREVIEW_LENGTH) return text;
  const last = text.charCodeAt(PREVIEW_LENGTH - 1);
  const isHalf = last >= 0xd800 && last < 0xdc00;
  return text.slice(0, isHalf ? PREVIEW_LENGTH - 1 : PREVIEW_LENGTH);
}
