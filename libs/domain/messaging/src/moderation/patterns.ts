import { RE2JS } from 're2js';
import type { Span } from './words';

/** Instructions of all patterns together: an engine that never goes back takes at most so many steps per character. */
const MAX_INSTRUCTIONS = 500;

const compile = (pattern: string): RE2JS => RE2JS.compile(pattern, RE2JS.CASE_INSENSITIVE);

/**
 * Regular expressions in the syntax of RE2, which has neither look-around nor references and so takes time linear in the
 * text, whatever the pattern (https://github.com/google/re2/wiki/Syntax).
 */
export class PatternMatcher {
  private readonly patterns: RE2JS[];

  constructor(patterns: readonly string[]) {
    this.patterns = patterns.map(compile);
  }

  find(text: string): Span[] {
    return this.patterns.flatMap((pattern) => spansOf(pattern, text));
  }
}

function spansOf(pattern: RE2JS, text: string): Span[] {
  const spans: Span[] = [];
  const matcher = pattern.matcher(text);
  while (matcher.find()) {
    const [start, end] = [matcher.start(), matcher.end()];
    if (end > start) spans.push({ start, end });
  }
  return spans;
}

/** What is wrong with a list of patterns, in words that follow its name; null when nothing is. */
export function patternsProblem(patterns: readonly string[]): string | null {
  let instructions = 0;
  for (const pattern of patterns) {
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

const reasonOf = (error: unknown): string =>
  (error as Error).message.replace('error parsing regexp: ', '').replace('(?i)', '');
