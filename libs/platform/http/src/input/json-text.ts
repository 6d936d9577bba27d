import { FieldProblems } from './field-problems';
import { isFieldName, textProblem } from './well-formed';

/** Far more than any of our bodies needs, and less than recursive code and BSON (100 levels) can handle. */
const MAX_DEPTH = 64;
/** Our largest body, a sync of 1,000 conversations, has a tenth of this. JSON.parse takes up to 2 µs per value. */
const MAX_VALUES = 10_000;
const MAX_NAMES = 2_000;
/** The shown length of a name in an answer. */
const SHOWN = 64;
/** A double has at most 309 digits before its point. */
const LONGEST_FINITE = 300;

const NONE = Number.POSITIVE_INFINITY;
const [SPACE, QUOTE, COMMA, BRACE, BRACE_END, BRACKET, BRACKET_END] = [
  0x20, 0x22, 0x2c, 0x7b, 0x7d, 0x5b, 0x5d,
] as const;
const [MINUS, DIGIT_0, DIGIT_9] = [0x2d, 0x30, 0x39] as const;
/** Escapes of NUL, and of surrogate halves, which may form a valid pair. */
const NEEDS_DECODING = /\\u(?:0000|d[89a-f])/i;

/** An object or a list that is open at the current place of the scan. */
interface Container {
  isObject: boolean;
  /** The names so far; null for a list. */
  names: Set<string> | null;
  /** The field, or the index, that the scan is at. */
  at: string | number;
}

export interface JsonPart {
  /** Where the JSON begins in the text. */
  from?: number;
  /** How many containers enclose the payload; they are not part of the names of fields. */
  outerLevels?: number;
}

/**
 * Finds what is wrong with a JSON text in one pass, before it is parsed: too deep, too many values, a duplicate name in one
 * object, reserved names, strings that are not well-formed Unicode or contain NUL, numbers that do not fit a double. Text that is
 * not JSON may pass, and so may the beginning of JSON: the parser refuses it. Parsing first would cost far more: 80,000 fields
 * take JSON.parse 250 ms.
 */
export function problemsOfJson(text: string, part: JsonPart = {}): FieldProblems {
  return new JsonScan(text, part).run();
}

class JsonScan {
  private readonly problems = new FieldProblems();
  private readonly open: Container[] = [];
  private current: Container | null = null;
  private values = 0;
  private at: number;
  private nameIsNext = false;
  private nextBackslash: number;
  private readonly outerLevels: number;

  constructor(
    private readonly text: string,
    { from = 0, outerLevels = 0 }: JsonPart,
  ) {
    this.at = from;
    this.outerLevels = outerLevels;
    this.nextBackslash = this.find('\\', from);
  }

  run(): FieldProblems {
    const { text } = this;
    for (; this.at < text.length; this.at++) {
      const code = text.charCodeAt(this.at);
      if (code > SPACE && !this.step(code)) break;
    }
    return this.problems;
  }

  /** False when the scan must stop. */
  private step(code: number): boolean {
    switch (code) {
      case QUOTE:
        return this.string();
      case COMMA:
        return this.next();
      case BRACE:
      case BRACKET:
        return this.begin(code === BRACE);
      case BRACE_END:
      case BRACKET_END:
        return this.end();
      default:
        return code === MINUS || (code >= DIGIT_0 && code <= DIGIT_9) ? this.number() : true;
    }
  }

  private begin(isObject: boolean): boolean {
    if (this.open.length === MAX_DEPTH + this.outerLevels) {
      this.problems.addMalformed(this.path(), `must not be nested more than ${MAX_DEPTH} levels deep`);
      return false;
    }
    this.current = { isObject, names: null, at: isObject ? '' : 0 };
    this.open.push(this.current);
    this.nameIsNext = isObject;
    return this.count();
  }

  private end(): boolean {
    this.open.pop();
    this.current = this.open.at(-1) ?? null;
    this.nameIsNext = false;
    return true;
  }

  private next(): boolean {
    const { current } = this;
    if (current === null) return false;
    this.nameIsNext = current.isObject;
    if (!current.isObject) (current.at as number) += 1;
    return this.count();
  }

  private count(): boolean {
    this.values += 1;
    return this.values <= MAX_VALUES || this.stop(this.containerPath(), `must not hold more than ${MAX_VALUES} values`);
  }

  private string(): boolean {
    const start = this.at + 1;
    const hadEscape = this.nextBackslash;
    const end = this.endOfString(start);
    if (end === -1) return false;
    this.at = end;
    const isName = this.nameIsNext;
    this.nameIsNext = false;
    if (!isName && hadEscape > end) return true;
    const raw = this.text.slice(start, end);
    if (!isName) return this.value(raw);
    return this.name(hadEscape < end ? decoded(raw) : raw);
  }

  /** False for what is no JSON. */
  private value(raw: string): boolean {
    if (!NEEDS_DECODING.test(raw)) return true;
    const value = decoded(raw);
    if (value === null) return false;
    const problem = textProblem(value);
    return problem === null || this.report(problem);
  }

  private name(name: string | null): boolean {
    const { current } = this;
    if (name === null || current === null) return false;
    current.at = name;
    const names = (current.names ??= new Set());
    const isRefused = names.has(name) ? !this.report('must not be given twice') : !this.allows(name);
    names.add(name);
    if (isRefused) return false;
    return names.size <= MAX_NAMES || this.stop(this.containerPath(), `must not have more than ${MAX_NAMES} fields`);
  }

  /**
   * A forbidden name is reported for the field that contains it, since the client knows that field. False when there are enough
   * problems.
   */
  private allows(name: string): boolean {
    if (isFieldName(name)) return true;
    const path = this.containerPath();
    if (path.length === 0) this.problems.add([name], 'must not be named so');
    else this.problems.add(path, `must not have a field named ${JSON.stringify(name.slice(0, SHOWN).toWellFormed())}`);
    return !this.problems.isFull;
  }

  private number(): boolean {
    const { text, at: start } = this;
    let end = start + 1;
    let isPlain = true;
    for (; end < text.length; end++) {
      const code = text.charCodeAt(end) | 0x20;
      if (code === 0x65) isPlain = false;
      // Digits, the sign and the point keep their place with 0x20 set.
      else if ((code < DIGIT_0 || code > DIGIT_9) && code !== 0x2b && code !== 0x2d && code !== 0x2e) break;
    }
    this.at = end - 1;
    // The text may be only a beginning, so the number may continue behind its end. Complete JSON that we accept does not end in a
    // number.
    if (end === text.length) return false;
    if (isPlain && end - start <= LONGEST_FINITE) return true;
    return Number.isFinite(Number(text.slice(start, end))) || this.report('must be a number that a double can hold');
  }

  /** The index of the quote that ends a string; -1 when there is none. Reads no character twice. */
  private endOfString(start: number): number {
    let quote = this.find('"', start);
    while (this.nextBackslash < quote) {
      const after = this.nextBackslash + 2;
      this.nextBackslash = this.find('\\', after);
      if (quote < after) quote = this.find('"', after);
    }
    return quote === NONE ? -1 : quote;
  }

  private find(character: string, from: number): number {
    const at = this.text.indexOf(character, from);
    return at === -1 ? NONE : at;
  }

  /** False when there are enough problems. */
  private report(message: string): boolean {
    this.problems.add(this.path(), message);
    return !this.problems.isFull;
  }

  private stop(path: (string | number)[], message: string): false {
    this.problems.add(path, message);
    return false;
  }

  private path(): (string | number)[] {
    return this.open.slice(this.outerLevels).map(({ at }) => at);
  }

  private containerPath(): (string | number)[] {
    return this.path().slice(0, -1);
  }
}

/** Null for what is no JSON. */
function decoded(raw: string): string | null {
  try {
    return JSON.parse(`"${raw}"`) as string;
  } catch {
    return null;
  }
}
