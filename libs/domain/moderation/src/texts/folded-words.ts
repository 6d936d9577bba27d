import type { CombiningClass } from './combining-classes';
import {
  fold,
  FOLDED,
  Form,
  formOf,
  Kind,
  KIND_BITS,
  severalOf,
  valueOf,
  type FoldedCharacter,
} from './folded-characters';

/** Local copies of imports: every character of every text is looked up here, and access to an imported binding is slower. */
const known = FOLDED;
const kindBits = KIND_BITS;
const { SEPARATOR, UNSPACED: FIRST_UNSPACED } = Kind;

const SPACED = 1;
const UNSPACED = 2;
const NO_WORD = 0;
const bits = (...kinds: number[]): number => kinds.reduce((sum, kind) => sum | (1 << kind), 0);
/** The kinds of characters that continue a word, by the kind of the word. */
const GOES_ON = [0, bits(Kind.LETTER, Kind.MARK, Kind.FORMAT), bits(Kind.MARK, Kind.UNSPACED_MARK)];

/** The most marks in a sequence in any language (Unicode Standard Annex 15, "Stream-Safe Text Format"). */
const MOST_MARKS = 30;

/**
 * Reads the words of a text one by one, each as its folded characters. A word of which folding leaves nothing is skipped. Takes
 * time linear in the text.
 */
export class FoldedWords {
  /** Start and end of the word read last, in UTF-16 units. */
  start = 0;
  end = 0;
  /** The code points of the word read last: the first `length` entries. */
  characters = new Int32Array(64);
  length = 0;
  /** The combining classes of the marks at the end of `characters`: the first `marks` entries. */
  private readonly classes: CombiningClass[] = [];
  private marks = 0;

  private readonly units: Uint16Array;

  constructor(text: string) {
    const bytes = Buffer.allocUnsafeSlow(2 * text.length);
    bytes.write(text, 'utf16le');
    this.units = new Uint16Array(bytes.buffer, 0, text.length);
  }

  /** @returns whether there was another word */
  next(): boolean {
    while (this.read()) if (this.length > 0) return true;
    return false;
  }

  private read(): boolean {
    const { units } = this;
    let word = NO_WORD;
    let at = this.end;
    this.length = 0;
    this.marks = 0;
    for (let width: number; at < units.length; at += width) {
      let codePoint = units[at]!;
      width = 1;
      if ((codePoint & 0xfc00) === 0xd800 && at + 1 < units.length) {
        const low = units[at + 1]!;
        if ((low & 0xfc00) === 0xdc00) {
          codePoint = 0x10000 + ((codePoint & 0x3ff) << 10) + (low & 0x3ff);
          width = 2;
        }
      }
      const character = known[codePoint]! || fold(codePoint);
      const kind = character & kindBits;
      if (word !== NO_WORD) {
        if (((GOES_ON[word]! >> kind) & 1) === 0) break;
      } else {
        if (kind === SEPARATOR) continue;
        word = kind >= FIRST_UNSPACED ? UNSPACED : SPACED;
        this.start = at;
      }
      this.add(character);
    }
    this.end = at;
    return word !== NO_WORD;
  }

  private add(character: FoldedCharacter): void {
    const form = formOf(character);
    if (form === Form.ACCENT) return;
    if (form === Form.SEVERAL) return this.addSeveral(character);
    this.marks = 0;
    if (form === Form.ONE) this.push(valueOf(character));
  }

  private addSeveral(character: FoldedCharacter): void {
    const { codePoints, classes } = severalOf(character);
    for (let at = 0; at < codePoints.length; at++) {
      const itsClass = classes[at]!;
      this.push(codePoints[at]!);
      if (itsClass === null) this.marks = 0;
      else this.putInOrder(itsClass);
    }
  }

  /** Moves the last character, a mark of `itsClass`, before the marks that normalization would put behind it. */
  private putInOrder(itsClass: CombiningClass): void {
    const { characters, classes } = this;
    if (this.marks === MOST_MARKS) this.marks = 0;
    const mark = characters[this.length - 1]!;
    let at = this.marks++;
    let place = this.length - 1;
    for (; at > 0 && classes[at - 1]!.order > itsClass.order; at--, place--) {
      classes[at] = classes[at - 1]!;
      characters[place] = characters[place - 1]!;
    }
    classes[at] = itsClass;
    characters[place] = mark;
  }

  private push(codePoint: number): void {
    if (this.length === this.characters.length) this.grow();
    this.characters[this.length++] = codePoint;
  }

  private grow(): void {
    const { characters } = this;
    this.characters = new Int32Array(2 * characters.length);
    this.characters.set(characters);
  }
}
