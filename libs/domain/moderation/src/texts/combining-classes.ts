/** Marks of one canonical combining class (Unicode Standard Annex 44). Marks of different classes have an order among each other. */
export interface CombiningClass {
  /** Where it stands among the classes met so far. */
  order: number;
  readonly example: string;
}

/** In their order. JavaScript tells no class, but normalizing tells which of two marks comes first. */
const met: CombiningClass[] = [];
/** Of the lowest and of the highest class. */
const [LOWEST, HIGHEST] = ['\u0334', '\u0345'];

/** Null for a character of class 0: it stays where it is when a text is normalized, and so does what stands around it. */
export function combiningClassOf(codePoint: number): CombiningClass | null {
  const mark = String.fromCodePoint(codePoint);
  if (!isBehind(mark, LOWEST) && !isBehind(HIGHEST, mark)) return null;
  const at = met.findIndex(({ example }) => !isBehind(mark, example));
  const next = met[at];
  if (next && !isBehind(next.example, mark)) return next;
  const added = { order: 0, example: mark };
  met.splice(next ? at : met.length, 0, added);
  met.forEach((each, order) => (each.order = order));
  return added;
}

/** Do the two marks change places when the first stands before the second? */
const isBehind = (first: string, second: string): boolean => (first + second).normalize('NFD') !== first + second;
