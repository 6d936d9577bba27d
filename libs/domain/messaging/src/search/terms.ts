const MAX_TERM_CHARACTERS = 64;
/** More different words of one message are not found; a text of 20,000 characters can hold some thousands. */
const MAX_TERMS = 2_000;

const words = new Intl.Segmenter('und', { granularity: 'word' });

/**
 * The words of a text, each once, as they are compared: without case, accents and forms of presentation. Also of languages
 * that write no spaces. Punctuation, emoji and operators of other search languages are no words, so none can be smuggled in.
 */
export function termsOf(text: string): string[] {
  const plain = text
    .normalize('NFKD')
    .replaceAll(/[\u0300-\u036f]/g, '')
    .normalize('NFC')
    .toLowerCase();
  const terms = new Set<string>();
  for (const { segment, isWordLike } of words.segment(plain)) {
    if (isWordLike) terms.add([...segment].slice(0, MAX_TERM_CHARACTERS).join(''));
    if (terms.size === MAX_TERMS) break;
  }
  return [...terms];
}
