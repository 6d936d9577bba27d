import { combiningClassOf, type CombiningClass } from './combining-classes';

/** How a character affects the word that it is in. */
export const Kind = {
  /** Ends a word. */
  SEPARATOR: 1,
  /** A letter or digit: belongs to the same word as its neighbours. */
  LETTER: 2,
  /** An accent or another mark: belongs to the character before it, and begins a word if there is none. */
  MARK: 3,
  /** Invisible, such as a soft hyphen or a joiner: ends no word. */
  FORMAT: 4,
  /** Of a script without spaces between words: a word of its own, so that words are found anywhere in a text. */
  UNSPACED: 5,
  /** A mark of such a script: belongs to the character before it if that is of such a script too. */
  UNSPACED_MARK: 6,
} as const;

/**
 * One character (code point), folded so that spellings that people read as the same become equal: compatibility forms (NFKD),
 * accents, letter case. Packed into one integer, because every character of every text is looked up: bits 0–2 its `Kind`, bits 3–4
 * the `Form`, bits 5–25 a code point, or an index of `several`.
 */
export type FoldedCharacter = number;

export const Form = {
  /** Folding removes it, but marks are not reordered across it. */
  NONE: 0,
  /** Folding removes it: an accent. */
  ACCENT: 1,
  /** One code point. */
  ONE: 2,
  /** Several code points, or a mark that may have to be reordered with its neighbours. */
  SEVERAL: 3,
} as const;

export const KIND_BITS = 7;
export const formOf = (folded: FoldedCharacter): number => (folded >> 3) & 3;
export const valueOf = (folded: FoldedCharacter): number => folded >> 5;

interface Several {
  codePoints: number[];
  /** The combining class of each code point; null for one that normalization never moves. */
  classes: (CombiningClass | null)[];
}

const UNSPACED = '\\p{sc=Han}\\p{sc=Hiragana}\\p{sc=Katakana}\\p{sc=Thai}\\p{sc=Lao}\\p{sc=Khmer}\\p{sc=Myanmar}';
const KINDS: [pattern: RegExp, kind: number][] = [
  [new RegExp(`(?=\\p{M})[${UNSPACED}]`, 'u'), Kind.UNSPACED_MARK],
  [new RegExp(`[${UNSPACED}]`, 'u'), Kind.UNSPACED],
  [/\p{M}/u, Kind.MARK],
  [/\p{Cf}/u, Kind.FORMAT],
  [/[\p{L}\p{N}]/u, Kind.LETTER],
];
/** Accents and invisible characters. Marks of other scripts distinguish words, so they stay. */
const IGNORED = /[\u0300-\u036f\p{Cf}]/gu;

/** In code points. Two ligatures are longer, U+FDFA and U+FDFB. They are formulas of several words, and nobody writes half of one. */
const LONGEST_LIGATURE = 5;

/** By code point; 0 means that `fold` must compute it. Memory pages that no text touches are not allocated. */
export const FOLDED = new Int32Array(0x110000);
const several: Several[] = [];

export const severalOf = (folded: FoldedCharacter): Several => several[valueOf(folded)]!;

/** Computes and stores what a character is folded to. */
export const fold = (codePoint: number): FoldedCharacter => (FOLDED[codePoint] = foldedOf(codePoint));

function foldedOf(codePoint: number): FoldedCharacter {
  // A lone surrogate is no character, and ends a word like a separator.
  if (codePoint >= 0xd800 && codePoint <= 0xdfff) return Kind.SEPARATOR;
  const character = String.fromCodePoint(codePoint);
  const kind = KINDS.find(([pattern]) => pattern.test(character))?.[1] ?? Kind.SEPARATOR;
  if (kind === Kind.SEPARATOR) return kind;
  const decomposed = character.normalize('NFKD');
  const plain = decomposed.replace(IGNORED, '').toUpperCase().toLowerCase().replaceAll('ς', 'σ');
  const codePoints = [...plain].map((each) => each.codePointAt(0)!);
  if (codePoints.length > LONGEST_LIGATURE) return pack(kind, Form.ONE, codePoint);
  const classes = codePoints.map(combiningClassOf);
  if (codePoints.length === 0) return pack(kind, isMovable(decomposed) ? Form.ACCENT : Form.NONE, 0);
  if (codePoints.length === 1 && !classes[0]) return pack(kind, Form.ONE, codePoints[0]!);
  return pack(kind, Form.SEVERAL, several.push({ codePoints, classes }) - 1);
}

const pack = (kind: number, form: number, value: number): FoldedCharacter => kind | (form << 3) | (value << 5);

const isMovable = (text: string): boolean => [...text].every((each) => combiningClassOf(each.codePointAt(0)!) !== null);
