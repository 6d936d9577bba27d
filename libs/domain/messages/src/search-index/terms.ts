const MAX_TERM_CHARACTERS = 64;
/** More different words of one message are not found; a text of 20,000 characters can hold some thousands. */
const MAX_TERMS = 2_000;

/** Compatibility forms grow: one character may become eighteen. In UTF-16 units, enough for 20,000 characters of any script. */
const MAX_CHARACTERS = 40_000;
/**
 * Marks are sorted when a text is normalized, in time that grows with the square of how many stand together. No language puts
 * more than 30 together; the combining grapheme joiner keeps more apart (Unicode Standard Annex 15, "Stream-Safe Text Format").
 */
const MANY_MARKS = /\p{M}{30}/gu;
const JOINER = '\u034f';

const words = new Intl.Segmenter('und', { granularity: 'word' });

/**
 * The words of a text, each once, as they are compared: without case, accents and forms of presentation. Also of languages
 * that write no spaces. Punctuation, emoji and operators of other search languages are no words, so none can be smuggled in.
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
