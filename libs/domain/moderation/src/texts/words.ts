import { FoldedWords } from './folded-words';
import { PhraseAutomaton, WORD_BREAK } from './phrase-automaton';

/** Start and end of a part of a text, in UTF-16 units. */
export interface Span {
  start: number;
  end: number;
}

const FOLDED_AT_ONCE = 100;

/**
 * Finds whole words and phrases, in any letter case and with or without accents. Takes time linear in the text for any set of
 * phrases.
 */
export class WordMatcher {
  private constructor(private readonly automaton: PhraseAutomaton) {}

  /** Compiles a list of phrases. The longest lists take some tens of milliseconds. */
  static of(phrases: readonly string[]): WordMatcher {
    const steps = compiling(phrases);
    for (;;) {
      const { done, value } = steps.next();
      if (done) return new WordMatcher(value);
    }
  }

  /** Like `of`, with pauses. */
  static async compile(phrases: readonly string[], pause: () => Promise<void>): Promise<WordMatcher> {
    const steps = compiling(phrases);
    for (;;) {
      const { done, value } = steps.next();
      if (done) return new WordMatcher(value);
      await pause();
    }
  }

  /** Memory in bytes. */
  get bytes(): number {
    return this.automaton.bytes;
  }

  matches(text: string): boolean {
    return this.read(text, null);
  }

  /** The parts of a text that phrases cover, in order. Overlapping parts are merged. */
  find(text: string): Span[] {
    const spans: Span[] = [];
    this.read(text, spans);
    return spans;
  }

  /** @param spans receives the matches; null stops at the first match */
  private read(text: string, spans: Span[] | null): boolean {
    const { automaton } = this;
    const { words: ending, mostWords } = automaton;
    if (mostWords === 0) return false;
    const words = new FoldedWords(text);
    /** Where the last words began, as many words as the longest phrase has. */
    const starts = new Int32Array(mostWords);
    let slot = 0;
    let state = automaton.start;
    while (words.next()) {
      starts[slot] = words.start;
      state = automaton.run(state, words.characters, words.length);
      const length = ending[state]!;
      if (length > 0) {
        if (spans === null) return true;
        cover(spans, starts[(slot + 1 - length + mostWords) % mostWords]!, words.end);
      }
      if (++slot === mostWords) slot = 0;
    }
    return false;
  }
}

/** Whether the text has anything that can be found as a word. */
export const hasWord = (text: string): boolean => new FoldedWords(text).next();

function cover(spans: Span[], start: number, end: number): void {
  let first = start;
  while (spans.length > 0 && spans.at(-1)!.end > start) first = Math.min(first, spans.pop()!.start);
  spans.push({ start: first, end });
}

function* compiling(phrases: readonly string[]): Generator<void, PhraseAutomaton> {
  const symbols: number[][] = [];
  for (const [at, phrase] of phrases.entries()) {
    const folded = symbolsOf(phrase);
    if (folded.length > 1) symbols.push(folded);
    if (at % FOLDED_AT_ONCE === 0) yield;
  }
  return yield* PhraseAutomaton.compile(symbols);
}

/** A phrase for the automaton: its folded characters, with a break at both ends of every word. */
function symbolsOf(phrase: string): number[] {
  const symbols = [WORD_BREAK];
  const words = new FoldedWords(phrase);
  while (words.next()) symbols.push(...words.characters.subarray(0, words.length), WORD_BREAK);
  return symbols;
}
