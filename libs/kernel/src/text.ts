/**
 * `name`: one line that is shown next to others, such as the name of a user, a group or a file.
 * `text`: may have several lines, such as a message or a description.
 */
export type TextKind = 'name' | 'text';

export interface TextLimits {
  kind: TextKind;
  /** In code points: an emoji of one code point counts as one. */
  max: number;
}

/** Visible format characters: they enclose the digits after them (Unicode property `Prepended_Concatenation_Mark`). */
const SEEN_FORMATS = '\\u0600-\\u0605\\u06dd\\u070f\\u0890\\u0891\\u08e2\\u{110bd}\\u{110cd}';
/** Rendered empty although no Unicode property says so: the braille blank, the null notehead, the Khitan filler. */
const EMPTY_GLYPHS = '\\u2800\\u{1d159}\\u{16fe4}';
/** Invisible characters: white space, controls, format characters, default ignorables (Unicode Standard Annex 44). */
const UNSEEN = `\\p{White_Space}\\p{Cc}\\p{Cf}\\p{Default_Ignorable_Code_Point}${EMPTY_GLYPHS}`;
const SEEN = new RegExp(`[${SEEN_FORMATS}]|[^${UNSEEN}]`, 'u');
const SPACES = /[\p{White_Space}\p{Cc}\u2800]+/gu;
const UNSEEN_BUT_SPACES = new RegExp(`(?![ ${SEEN_FORMATS}])[${UNSEEN}]`, 'gu');

/** Tabs and line breaks are allowed in a text; a carriage return only before a line feed, as Windows writes it. */
const CONTROL_IN_TEXT = /[\0-\x08\x0b\x0c\x0e-\x1f]|\r(?!\n)/;
const BREAK_IN_NAME = /[\p{Cc}\u2028\u2029]/u;
/** Embeddings, overrides and isolates, and the characters that end them (Unicode Standard Annex 9, section 2). */
const DIRECTIONS = /[\u202a-\u202e\u2066-\u2069]/g;
const END_OF_EMBEDDING = '\u202c';
const FIRST_ISOLATE = '\u2066';
const END_OF_ISOLATE = '\u2069';

/** Whether the text has no visible character. True for the empty text. */
export const isBlank = (text: string): boolean => !SEEN.test(text);

/** The text, or null when it has no visible character and so counts as none. */
export const textOrNone = (text: string | null | undefined): string | null =>
  text === null || text === undefined || isBlank(text) ? null : text;

/**
 * What is wrong with a text that is shown to other users, in words that follow "must be"; null when it is valid. A valid text is
 * well-formed Unicode, not blank, and without control characters. A name must also not change the writing direction of the text
 * after it.
 */
export function displayedTextProblem(value: unknown, limits: TextLimits): string | null {
  const size = `a text of 1 to ${limits.max} characters`;
  if (typeof value !== 'string' || value === '') return size;
  return textProblem(value, limits, size) ?? (isBlank(value) ? `${size} that are seen` : null);
}

/** The same for a field in which a blank text counts as none. */
export function blankOrDisplayedTextProblem(value: unknown, limits: TextLimits): string | null {
  const size = `a text of at most ${limits.max} characters`;
  return typeof value === 'string' ? textProblem(value, limits, size) : size;
}

/** Whether a text has at most `max` code points. Takes time linear in `max`, however long the text is. */
export function isWithin(text: string, max: number): boolean {
  if (text.length <= max) return true;
  if (text.length > 2 * max) return false;
  let count = 0;
  for (const _ of text) if (++count > max) return false;
  return true;
}

/**
 * A normal form, equal for texts that people read as the same. It ignores compatibility forms, letter case and invisible
 * characters, and treats each blank as a space (nearly Unicode's `toNFKC_Casefold`). Accents make a difference.
 */
export function comparableText(text: string): string {
  const seen = text.normalize('NFKC').replace(SPACES, ' ').replace(UNSEEN_BUT_SPACES, '');
  const folded = seen.toUpperCase().toLowerCase().replaceAll('ς', 'σ').normalize('NFKC');
  return folded.replace(/ {2,}/g, ' ').trim();
}

function textProblem(text: string, { kind, max }: TextLimits, size: string): string | null {
  if (!isWithin(text, max)) return size;
  if (!text.isWellFormed()) return 'well-formed Unicode';
  if (kind === 'text') return CONTROL_IN_TEXT.test(text) ? 'without control characters but tabs and line breaks' : null;
  if (BREAK_IN_NAME.test(text)) return 'one line without control characters';
  return isBalanced(text) ? null : 'without marks of direction that do not end in it';
}

/** Whether every change of writing direction ends inside the text, and in nested order. */
function isBalanced(text: string): boolean {
  const open: string[] = [];
  for (const [mark] of text.matchAll(DIRECTIONS)) {
    if (mark === END_OF_EMBEDDING || mark === END_OF_ISOLATE) {
      if (open.pop() !== mark) return false;
    } else open.push(mark >= FIRST_ISOLATE ? END_OF_ISOLATE : END_OF_EMBEDDING);
  }
  return open.length === 0;
}
