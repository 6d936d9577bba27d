import { RE2JS, RE2Set } from 're2js';
import type { Span } from './words';
import type { WorkBudget } from './work-budget';

/** Limit on the instructions of all patterns together. An engine that never backtracks takes at most this many steps per character. */
const MAX_INSTRUCTIONS = 500;
/** Limits on parts of patterns that are slow to compile without case: classes such as \pL, and ranges by their number of code points. */
const MAX_CLASSES = 100;
const MAX_RANGES = 1_000_000;
/** Memory for the states that a pattern caches. A pattern that needs more runs without cached states, which is slower. */
const MAX_STATES_BYTES = 256 * 1024;
/** The usual memory of a pattern. */
const USUAL_BYTES = 64 * 1024;

const compile = (pattern: string): RE2JS => RE2JS.compile(pattern, RE2JS.CASE_INSENSITIVE);

/**
 * Regular expressions in the syntax of RE2, which has neither look-around nor back-references, so testing for a match takes time
 * linear in the text (https://github.com/google/re2/wiki/Syntax). Finding every match is not linear, and both depend on the
 * pattern. So when a pattern takes too long for a text, the text counts as matching, and is masked from there on.
 */
export class PatternMatcher {
  private readonly patterns: Pattern[];

  constructor(patterns: readonly string[]) {
    this.patterns = patterns.map((pattern) => new Pattern(pattern));
  }

  /** Usual memory in bytes; at most four times as much. */
  get bytes(): number {
    return USUAL_BYTES * this.patterns.length;
  }

  async matches(text: string, budget: WorkBudget): Promise<boolean> {
    for (const pattern of this.patterns) {
      if (pattern.matches(text, budget)) return true;
      await budget.pause();
    }
    return false;
  }

  async find(text: string, budget: WorkBudget): Promise<Span[]> {
    const spans: Span[][] = [];
    for (const pattern of this.patterns) {
      const isFound = pattern.matches(text, budget);
      await budget.pause();
      if (isFound) spans.push(pattern.find(text, budget));
      await budget.pause();
    }
    return spans.flat();
  }
}

/** Compiled on first use: compiling a whole list at once would block other requests. */
class Pattern {
  private set: RE2Set | null = null;
  private regexp: RE2JS | null = null;

  constructor(private readonly pattern: string) {}

  matches(text: string, budget: WorkBudget): boolean {
    const set = (this.set ??= this.compileSet());
    return budget.run((look) => set.match(metered(text, look)).length > 0) ?? true;
  }

  find(text: string, budget: WorkBudget): Span[] {
    const regexp = (this.regexp ??= compile(this.pattern));
    const spans: Span[] = [];
    const isWhole = budget.run((look) => {
      const matcher = regexp.matcher(metered(text, look));
      while (matcher.find()) {
        const [start, end] = [matcher.start(), matcher.end()];
        if (end > start) spans.push({ start, end });
      }
      return true;
    });
    if (!isWhole) spans.push({ start: spans.at(-1)?.end ?? 0, end: text.length });
    return spans;
  }

  private compileSet(): RE2Set {
    const set = new RE2Set(RE2Set.UNANCHORED, RE2JS.CASE_INSENSITIVE, MAX_STATES_BYTES);
    set.add(this.pattern);
    set.compile();
    return set;
  }
}

const READS_BETWEEN_LOOKS = 4096;

/** A string that checks the clock now and then while it is read. Re2js accepts String objects and reads them by these methods. */
class MeteredText extends String {
  private reads = 0;

  constructor(
    private readonly text: string,
    private readonly look: () => void,
  ) {
    super(text);
  }

  override charCodeAt(at: number): number {
    this.count();
    return this.text.charCodeAt(at);
  }

  override indexOf(searched: string, from?: number): number {
    this.count();
    return this.text.indexOf(searched, from);
  }

  private count(): void {
    if (++this.reads % READS_BETWEEN_LOOKS === 0) this.look();
  }
}

const metered = (text: string, look: () => void) => new MeteredText(text, look) as unknown as string;

/** Describes what is wrong with a list of patterns, as a phrase that follows the list's name; null when nothing is wrong. */
export function patternsProblem(patterns: readonly string[]): string | null {
  let instructions = 0;
  let classes = 0;
  let ranges = 0;
  for (const pattern of patterns) {
    classes += pattern.match(/\\p/gi)?.length ?? 0;
    ranges += rangesOf(pattern);
    if (classes > MAX_CLASSES) return `must have at most ${MAX_CLASSES} classes such as \\pL in all its patterns`;
    if (ranges > MAX_RANGES) return `must have patterns with smaller ranges of characters (${pattern})`;
    try {
      const compiled = compile(pattern);
      if (compiled.matches('')) return `must have patterns that do not match nothing: ${pattern}`;
      instructions += compiled.programSize();
    } catch (error) {
      return `must have patterns in the syntax of RE2: ${reasonOf(error)}`;
    }
    if (instructions > MAX_INSTRUCTIONS) return `must have simpler patterns: repetitions make them large (${pattern})`;
  }
  return null;
}

const RANGE = /(\\x\{[0-9a-f]+\}|.)-(\\x\{[0-9a-f]+\}|.)/gisu;

/**
 * How many code points the ranges of a pattern have, including what only looks like a range: compiling folds each code point by
 * itself.
 */
function rangesOf(pattern: string): number {
  let sum = 0;
  for (const [, first, last] of pattern.matchAll(RANGE)) sum += Math.max(0, codePointOf(last!) - codePointOf(first!));
  return sum;
}

const codePointOf = (written: string): number =>
  written.startsWith('\\x{') ? Number.parseInt(written.slice(3, -1), 16) : written.codePointAt(0)!;

const reasonOf = (error: unknown): string =>
  (error as Error).message.replace('error parsing regexp: ', '').replace('(?i)', '');
