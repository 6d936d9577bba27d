/** Where something begins and ends in a text, in UTF-16 units. */
export interface Span {
  start: number;
  end: number;
}

/** Scripts that put no spaces between words: each character stands for itself, so that a word is found wherever it stands. */
const UNSPACED = '\\p{sc=Han}\\p{sc=Hiragana}\\p{sc=Katakana}\\p{sc=Thai}\\p{sc=Lao}\\p{sc=Khmer}\\p{sc=Myanmar}';
/** What is not seen (soft hyphens, zero-width spaces and joiners) ends no word. */
const WORD = new RegExp(`[${UNSPACED}]\\p{M}*|(?:(?![${UNSPACED}])[\\p{L}\\p{N}\\p{M}\\p{Cf}])+`, 'gu');
/** Accents, and what is not seen. Marks of other scripts tell words apart and stay. */
const IGNORED = /[\u0300-\u036f\p{Cf}]/gu;

/** Finds words and phrases whole, in any letter case and with or without accents. Linear in the text. */
export class WordMatcher {
  /** The blocked phrases by their first word, each as its words. */
  private readonly phrases = new Map<string, string[][]>();

  constructor(phrases: readonly string[]) {
    for (const phrase of phrases) {
      const words = wordsOf(phrase).map(({ folded }) => folded);
      const [first] = words;
      if (first === undefined) continue;
      const known = this.phrases.get(first);
      if (known) known.push(words);
      else this.phrases.set(first, [words]);
    }
  }

  find(text: string): Span[] {
    if (this.phrases.size === 0) return [];
    const words = wordsOf(text);
    return words.flatMap(({ folded, start }, at) => {
      const matching = this.phrases.get(folded)?.filter((phrase) => beginsAt(words, at, phrase)) ?? [];
      const longest = Math.max(0, ...matching.map(({ length }) => length));
      return longest === 0 ? [] : [{ start, end: words[at + longest - 1]!.end }];
    });
  }
}

/** Has the text anything that could be found as a word? */
export const hasWord = (text: string): boolean => wordsOf(text).length > 0;

interface Word extends Span {
  folded: string;
}

function wordsOf(text: string): Word[] {
  const words: Word[] = [];
  for (const { 0: word, index: start } of text.matchAll(WORD)) {
    const folded = fold(word);
    if (folded !== '') words.push({ folded, start, end: start + word.length });
  }
  return words;
}

/** The same for spellings that people read as one: compatibility forms, accents, letter case. */
function fold(word: string): string {
  const plain = word.normalize('NFKD').replace(IGNORED, '');
  return plain.toUpperCase().toLowerCase().replaceAll('ς', 'σ');
}

const beginsAt = (words: Word[], at: number, phrase: string[]): boolean =>
  phrase.every((word, offset) => words[at + offset]?.folded === word);
