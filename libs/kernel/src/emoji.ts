import { invalid } from './errors';
import { isBlank } from './text';

const MAX_BYTES = 64;
const NAME = /^:[a-z0-9_+-]+:$/;
/** Characters that only join or modify others are no reaction by themselves. */
const JOINING = /^[\p{Cf}\p{M}]/u;
const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });

/**
 * One user-perceived character (an extended grapheme cluster, Unicode Standard Annex 29), or a name such as `:party-parrot:`. The
 * spelling is kept: with and without a variation selector are two different reactions.
 * @throws CaasError `invalid_emoji` (400)
 */
export function parseEmoji(value: unknown): string {
  if (typeof value === 'string' && value.isWellFormed() && Buffer.byteLength(value) <= MAX_BYTES) {
    if (NAME.test(value) || (isSeen(value) && [...graphemes.segment(value)].length === 1)) return value;
  }
  throw invalid('invalid_emoji', 'A reaction is one emoji, or a name such as ":thumbs_up:".', [
    { field: 'emoji', message: `must be one character, or a name in colons, of 1 to ${MAX_BYTES} bytes` },
  ]);
}

const isSeen = (text: string): boolean => !isBlank(text) && !JOINING.test(text);

type Counts = Record<string, number>;

/** An emoji as a key of a stored document, where dots and dollars have a special meaning. */
export const keyOfEmoji = (emoji: string): string =>
  emoji.replaceAll(/[%.$]/g, (character) => `%${character.charCodeAt(0).toString(16).padStart(2, '0')}`);

const emojiOfKey = (key: string): string =>
  key.replaceAll(/%(..)/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));

/** Stored counts as clients see them. */
export const countsByEmoji = (stored: Counts): Counts =>
  Object.fromEntries(Object.entries(stored).map(([key, count]) => [emojiOfKey(key), count]));

/** Stored counts with an emoji's count changed by `change`; an emoji whose count becomes zero is removed. */
export function counted(stored: Counts, emoji: string, change: 1 | -1): Counts {
  const key = keyOfEmoji(emoji);
  const { [key]: before = 0, ...others } = stored;
  const count = before + change;
  if (count <= 0) return others;
  return before > 0 ? { ...stored, [key]: count } : { ...others, [key]: count };
}
