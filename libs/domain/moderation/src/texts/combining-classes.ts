/** Marks of one canonical combining class (Unicode Standard Annex 44). Normalization sorts marks of different classes. */
export interface CombiningClass {
  /** Its place among the classes met so far. */
  order: number;
  readonly example: string;
}

/** In their order. JavaScript does not expose classes, but normalization shows which of two marks comes first. */
const met: CombiningClass[] = [];
/** A mark of the lowest class and one of the highest class. */
const [LOWEST, HIGHEST] = ['\u0334', '\u0345'];

/** Null for a character of class 0. Normalization never moves it, nor moves other characters across it. */
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

/** Whether normalization swaps the two marks when the first stands before the second. */
const isBehind = (first: string, second: string): boolean => (first + second).normalize('NFD') !== first + second;
