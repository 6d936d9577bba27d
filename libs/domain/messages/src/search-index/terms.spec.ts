import { LINEAR_GROWTH, timeGrowth } from '#caas/testing';
import { termsOf } from './terms';

describe('termsOf', () => {
  it.each([
    ['Hello, hello WORLD!', ['hello', 'world']],
    ['Crème brûlée', ['creme', 'brulee']],
    ['ﬁne ½', ['fine', '1⁄2']],
    ['don’t', ['don’t']],
    ['東京に行く', ['東京', 'に', '行く']],
    ['🎉 … -- "', []],
    ['a\u0301\u034f\u0323b \u05e9\u05c1\u05b8', ['ab', '\u05e9\u05b8\u05c1']],
    ['-word "a phrase" $where', ['word', 'a', 'phrase', 'where']],
  ])('of %j are its words', (text, terms) => expect(termsOf(text)).toEqual(terms));

  it('cuts what is no word of any language', () => expect(termsOf('x'.repeat(100))).toEqual(['x'.repeat(64)]));
  it.each(['a ', '\u0301\u0323', '\u05b1\u05b0', '\ufdfa', '人', 'ก', '👩‍👩‍👧', 'é'])(
    'takes time linear in a text of %j',
    async (unit) => {
      const [half, whole] = [8_000, 16_000].map((length) => unit.repeat(length / unit.length));
      expect(
        await timeGrowth(
          () => termsOf(half!),
          () => termsOf(whole!),
        ),
      ).toBeLessThanOrEqual(LINEAR_GROWTH);
    },
  );

  it('has an end', () => expect(termsOf(Array.from({ length: 3000 }, (_, n) => `w${n}`).join(' '))).toHaveLength(2000));
});
