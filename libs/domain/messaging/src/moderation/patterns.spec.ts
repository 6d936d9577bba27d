import { PatternMatcher, patternsProblem } from './patterns';

describe('patterns', () => {
  it('are found in any letter case, as often as they are there', () => {
    const matcher = new PatternMatcher(['\\bb.d\\b', '\\d{3}-\\d{4}']);
    const text = 'BAD 555-1234 bid 😀 bed abed';
    expect(matcher.find(text).map(({ start, end }) => text.slice(start, end))).toEqual([
      'BAD',
      'bid',
      'bed',
      '555-1234',
    ]);
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

  it('never goes back over a text: what others take for ever with, it takes in a moment', () => {
    for (const pattern of ['(a+)+$', '(a|aa)+$', '(.*a){20}b']) {
      const begin = performance.now();
      expect(new PatternMatcher([pattern]).find(`${'a'.repeat(20_000)}!`)).toEqual([]);
      expect(performance.now() - begin).toBeLessThan(5_000);
    }
  });
});
