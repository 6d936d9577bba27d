import { randomInt } from 'node:crypto';

/** Marks both ends of every word of a phrase and of a text. U+0000 occurs in no word. */
export const WORD_BREAK = 0;
const ROOT = 0;
/** Slots of the hash table per transition: more than one, so that few collide. */
const SLOTS_PER_TRANSITION = 2;
const PHRASES_AT_ONCE = 50;
const STATES_AT_ONCE = 5_000;

/** Random odd numbers, unknown outside, so that nobody can construct phrases that collide. */
const [HASH_STATE, HASH_SYMBOL] = [randomInt(2 ** 32) | 1, randomInt(2 ** 32) | 1];

/**
 * The Aho–Corasick automaton ("Efficient string matching", 1975) over the phrases. It finds all phrases in one pass, with at most
 * two transitions per character for any set of phrases. Phrases are lists of symbols that begin and end with `WORD_BREAK`.
 * Transitions are in one open-addressing hash table, so that a step costs the same in every state.
 */
export class PhraseAutomaton {
  /** The state after a word break that continues no phrase. */
  start = ROOT;
  /** The number of words of the longest phrase that ends in a state; 0 where none ends. */
  readonly words: Uint16Array;
  /** The number of words of the longest phrase. */
  mostWords = 0;
  private size = 1;
  /** By state: its parent, the symbol that leads from the parent to it, and the state of its longest proper suffix. */
  private readonly parents: Int32Array;
  private readonly symbols: Int32Array;
  private readonly suffixes: Int32Array;
  /** States by a hash of their parent and symbol. 0 marks a free slot, because no transition leads to the root. */
  private readonly slots: Int32Array;
  private readonly shift: number;

  /** @param most the highest possible number of states: the symbols of all phrases, and the root */
  private constructor(most: number) {
    const bits = Math.max(4, Math.ceil(Math.log2(most * SLOTS_PER_TRANSITION)));
    this.shift = 32 - bits;
    this.slots = new Int32Array(2 ** bits);
    this.parents = new Int32Array(most);
    this.symbols = new Int32Array(most);
    this.suffixes = new Int32Array(most);
    this.words = new Uint16Array(most);
  }

  /** Yields after every portion of the work, which takes some ms at most, so that other requests can run. */
  static *compile(phrases: readonly (readonly number[])[]): Generator<void, PhraseAutomaton> {
    const automaton = new PhraseAutomaton(1 + phrases.reduce((sum, { length }) => sum + length, 0));
    for (const [at, phrase] of phrases.entries()) {
      automaton.add(phrase);
      if (at % PHRASES_AT_ONCE === 0) yield;
    }
    automaton.start = automaton.find(ROOT, WORD_BREAK);
    yield* automaton.linkSuffixes();
    return automaton;
  }

  /** Memory in bytes. */
  get bytes(): number {
    return 4 * (this.slots.length + 3 * this.parents.length) + 2 * this.words.length;
  }

  /** The state after the first `length` symbols of a word and the word break after it. */
  run(state: number, word: Int32Array, length: number): number {
    let now = state;
    for (let at = 0; now !== ROOT && at < length; at++) now = this.next(now, word[at]!);
    return this.next(now, WORD_BREAK);
  }

  /** The state after `symbol`; the root when no phrase continues. */
  private next(state: number, symbol: number): number {
    while (state !== ROOT) {
      const next = this.find(state, symbol);
      if (next !== ROOT) return next;
      state = this.suffixes[state]!;
    }
    return symbol === WORD_BREAK ? this.start : ROOT;
  }

  private add(phrase: readonly number[]): void {
    let state = ROOT;
    for (const symbol of phrase) {
      const next = this.find(state, symbol);
      state = next === ROOT ? this.grow(state, symbol) : next;
    }
    const words = phrase.filter((symbol) => symbol === WORD_BREAK).length - 1;
    this.words[state] = words;
    this.mostWords = Math.max(this.mostWords, words);
  }

  private find(state: number, symbol: number): number {
    const { slots, parents, symbols } = this;
    for (let slot = this.slotOf(state, symbol); ; slot = (slot + 1) & (slots.length - 1)) {
      const found = slots[slot]!;
      if (found === ROOT || (parents[found] === state && symbols[found] === symbol)) return found;
    }
  }

  private grow(parent: number, symbol: number): number {
    const state = this.size++;
    this.parents[state] = parent;
    this.symbols[state] = symbol;
    let slot = this.slotOf(parent, symbol);
    while (this.slots[slot] !== ROOT) slot = (slot + 1) & (this.slots.length - 1);
    return (this.slots[slot] = state);
  }

  private slotOf(state: number, symbol: number): number {
    return (Math.imul(state, HASH_STATE) + Math.imul(symbol, HASH_SYMBOL)) >>> this.shift;
  }

  private *linkSuffixes(): Generator<void> {
    const states = this.shortestFirst();
    for (let at = 0; at < states.length; at++) {
      if (at % STATES_AT_ONCE === 0) yield;
      const state = states[at]!;
      const parent = this.parents[state]!;
      if (parent === ROOT) continue;
      const suffix = this.next(this.suffixes[parent]!, this.symbols[state]!);
      this.suffixes[state] = suffix;
      this.words[state] = Math.max(this.words[state]!, this.words[suffix]!);
    }
  }

  /** All states but the root, ordered by the length of their prefix, so that the suffix of a state comes before it. */
  private shortestFirst(): Int32Array {
    const lengths = new Int32Array(this.size);
    for (let state = 1; state < this.size; state++) lengths[state] = lengths[this.parents[state]!]! + 1;
    const ends = new Int32Array(this.size + 1);
    for (const length of lengths) ends[length + 1]! += 1;
    for (let length = 1; length < ends.length; length++) ends[length]! += ends[length - 1]!;
    const ordered = new Int32Array(this.size);
    for (let state = 0; state < this.size; state++) ordered[ends[lengths[state]!]!++] = state;
    return ordered.subarray(1);
  }
}
