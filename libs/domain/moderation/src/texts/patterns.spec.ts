import { PatternMatcher, patternsProblem } from './patterns';
import { WorkBudget } from './work-budget';

const NOTHING = { runMs: -1, totalMs: -1 };

async function found(patterns: string[], text: string, budget = new WorkBudget()): Promise<string[]> {
  const spans = await new PatternMatcher(patterns).find(text, budget);
  return spans.map(({ start, end }) => text.slice(start, end));
}

describe('patterns', () => {
  it('are found in any letter case, as often as they are there', async () => {
    const patterns = ['\\bb.d\\b', '\\d{3}-\\d{4}'];
    const text = 'BAD 555-1234 bid 😀 bed abed';
    expect(await found(patterns, text)).toEqual(['BAD', 'bid', 'bed', '555-1234']);
    expect(await new PatternMatcher(patterns).matches(text, new WorkBudget())).toBe(true);
    expect(await new PatternMatcher(patterns).matches('good', new WorkBudget())).toBe(false);
  });

  it.each([
    ['(', 'missing closing )'],
    ['(?=x)', '`(?=`'],
    ['(a)\\1', '`\\1`'],
    ['a{1001}', '`{1001}`'],
    ['a*', 'do not match nothing'],
    ['', 'do not match nothing'],
    ['(a{100}){9}', 'simpler'],
  ])('refuses %j and says why', (pattern, reason) => expect(patternsProblem([pattern])).toContain(reason));

  it('refuses what is too much together', () => {
    expect(patternsProblem(Array.from({ length: 9 }, (_, n) => `[a-z]{40}${n}`))).toBeNull();
    expect(patternsProblem(Array.from({ length: 20 }, (_, n) => `[a-z]{40}${n}`))).toContain('simpler');
  });

  it.each([
    ['\\pL'.repeat(101), 'at most 100 classes'],
    ['[!-\u{1e943}]'.repeat(9), 'smaller ranges'],
    ['[\\x{21}-\\x{1e943}]'.repeat(9), 'smaller ranges'],
  ])('refuses %j, which would take long to compile', (pattern, reason) =>
    expect(patternsProblem([pattern])).toContain(reason),
  );

  it('takes ranges and classes as people write them', () =>
    expect(patternsProblem(['[а-яёА-ЯЁ]+-[0-9]', '\\p{Greek}{3}', '[\\x{1f300}-\\x{1f5ff}]'])).toBeNull());

  it('never goes back over a text: what others take for ever with is one pass', async () => {
    for (const pattern of ['(a+)+$', '(a|aa)+$', '(.*a){20}b'])
      expect(await found([pattern], `${'a'.repeat(20_000)}!`)).toEqual([]);
  });

  it('are looked for no longer than a text has time: where there is none left, it is covered', async () => {
    // Looking for the next match reads the rest of the text each time.
    const text = 'a'.repeat(20_000);
    expect((await found(['a(.*b)?'], text)).join('')).toBe(text);
    expect(await found(['x'], text)).toEqual([]);
    expect(await found(['x'], text, new WorkBudget(NOTHING))).toEqual([text]);
    expect(await new PatternMatcher(['x']).matches(text, new WorkBudget(NOTHING))).toBe(true);
    expect(await new PatternMatcher(['x']).matches('short', new WorkBudget(NOTHING))).toBe(false);
  });
});
