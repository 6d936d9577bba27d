const MAX_TERM_CHARACTERS = 64;
/** Further distinct words of a message are not found. A text of 20,000 characters can hold some thousands. */
const MAX_TERMS = 2_000;

/**
 * Compatibility normalization (NFKD) may turn one character into eighteen. In UTF-16 units, enough for 20,000 characters of any
 * script.
 */
const MAX_CHARACTERS = 40_000;
/**
 * Normalization sorts combining marks, in time that grows with the square of the length of a sequence. No language needs more than
 * 30 in a sequence; the combining grapheme joiner splits longer ones (Unicode Standard Annex 15, "Stream-Safe Text Format").
 */
const MANY_MARKS = /\p{M}{30}/gu;
const JOINER = '\u034f';

const words = new Intl.Segmenter('und', { granularity: 'word' });

/**
 * The distinct words of a text in the form in which they are compared: without case, accents and presentation forms. It also splits
 * languages that write no spaces. Punctuation, emoji and search operators are not words, so a query cannot inject operators.
 */
export function termsOf(text: string): string[] {
  const plain = text
    .replaceAll(MANY_MARKS, `$&${JOINER}`)
    .normalize('NFKD')
    .replaceAll(/[\u0300-\u034e\u0350-\u036f]/g, '')
    .normalize('NFC')
    .replaceAll(JOINER, '')
    .slice(0, MAX_CHARACTERS)
    .toLowerCase();
  const terms = new Set<string>();
  for (const { segment, isWordLike } of words.segment(plain)) {
    if (isWordLike) terms.add([...segment].slice(0, MAX_TERM_CHARACTERS).join(''));
    if (terms.size === MAX_TERMS) break;
  }
  return [...terms];
}
