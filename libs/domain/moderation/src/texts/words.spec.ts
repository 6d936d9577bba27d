import fc from 'fast-check';
import { LINEAR_GROWTH, timeGrowth } from '#caas/testing';
import { hasWord, WordMatcher } from './words';

const found = (blocked: string[], text: string): string[] =>
  WordMatcher.of(blocked)
    .find(text)
    .map(({ start, end }) => text.slice(start, end));

/** The rule as it is said, word by word and phrase by phrase. */
const UNSPACED = '\\p{sc=Han}\\p{sc=Hiragana}\\p{sc=Katakana}\\p{sc=Thai}\\p{sc=Lao}\\p{sc=Khmer}\\p{sc=Myanmar}';
const WORD = new RegExp(`[${UNSPACED}]\\p{M}*|(?:(?![${UNSPACED}])[\\p{L}\\p{N}\\p{M}\\p{Cf}])+`, 'gu');
const fold = (word: string) =>
  word
    .normalize('NFKD')
    .replace(/[\u0300-\u036f\p{Cf}]/gu, '')
    .toUpperCase()
    .toLowerCase()
    .replaceAll('ς', 'σ');
const wordsOf = (text: string) =>
  [...text.matchAll(WORD)]
    .map(({ 0: word, index }) => ({ folded: fold(word), start: index, end: index + word.length }))
    .filter(({ folded }) => folded !== '');
/** True for each unit of the text that a phrase covers. */
function covered(blocked: string[], text: string): boolean[] {
  const units = Array<boolean>(text.length).fill(false);
  const words = wordsOf(text);
  for (const phrase of blocked
    .map((each) => wordsOf(each).map(({ folded }) => folded))
    .filter(({ length }) => length > 0))
    for (const [at, { start }] of words.entries())
      if (phrase.every((word, offset) => words[at + offset]?.folded === word))
        units.fill(true, start, words[at + phrase.length - 1]!.end);
  return units;
}

describe('WordMatcher', () => {
  it.each([
    [['bad'], 'a bad, BAD and Bad word', ['bad', 'BAD', 'Bad']],
    [['bad'], 'badly embadded not-bad', ['bad']],
    [['bad'], 'bad_word', ['bad']],
    [['cafe'], 'Café CAFÉ cafe\u0301', ['Café', 'CAFÉ', 'cafe\u0301']],
    [['café'], 'cafe', ['cafe']],
    [['strasse'], 'Straße', ['Straße']],
    [['σοφος'], 'ΣΟΦΌΣ σοφός', ['ΣΟΦΌΣ', 'σοφός']],
    [['bad'], 'ｂａｄ 𝐛𝐚𝐝', ['ｂａｄ', '𝐛𝐚𝐝']],
    [['bad'], 'b\u200bad and b\u00adad', ['b\u200bad', 'b\u00adad']],
    [['very bad'], 'very\n bad, but not bad', ['very\n bad']],
    [['bad', 'bad idea'], 'a bad idea', ['bad idea']],
    [['плохой'], 'ПЛОХОЙ день', ['ПЛОХОЙ']],
    [['坏人'], '他是坏人吗', ['坏人']],
    [['เลว'], 'คนเลวมาก', ['เลว']],
    [['कमल'], 'कमल कमाल', ['कमल']],
    [['4chan'], '4chan 4 chan', ['4chan']],
    [['a b c', 'b', 'c d'], 'x a b c d', ['a b c d']],
    [['a a b', 'a c'], 'a a a c', ['a c']],
    [['is his'], 'this is his', ['is his']],
    [['\u05e9\u05c1\u05b8'], '\u05e9\u05b8\u05c1', ['\u05e9\u05b8\u05c1']],
    [['bad'], `b${'\u0301'.repeat(500)}ad`, [`b${'\u0301'.repeat(500)}ad`]],
    [['bad'], 'b\ud800ad bad', ['bad']],
    [[' ', '!'], 'a !', []],
    [[], 'a', []],
  ])('finds %j in %j', (blocked, text, expected) => {
    expect(found(blocked, text)).toEqual(expected);
    expect(WordMatcher.of(blocked).matches(text)).toBe(expected.length > 0);
  });

  /** Few different characters, so that phrases are found often; of every kind. */
  const alphabets = [
    ['a', 'b', ' '],
    ['a', 'A', 'á', 'a\u0301', '\u0301', '\u00ad', '\u200d', '-', ' '],
    ['ß', 's', 'S', 'ſ', 'ﬁ', 'f', 'i', 'İ', 'ı', ' '],
    ['σ', 'ς', 'Σ', 'ᾳ', 'α', 'Ι', ' '],
    ['人', '々', 'あ', 'ア', 'ｱ', 'ﾞ', '\u3099', 'ー', 'a', '。', ' '],
    ['ก', 'ั', '\u0e33', 'က', '\u1039', '\u200b', 'a', ' '],
    ['\u05e9', '\u05c1', '\u05b8', '\u05bc', '\u0301', '\u034f', '\ufe0f', ' '],
    ['\u0628', '\u064e', '\u0651', '\u0650', '\u0640', ' '],
    ['👍', '👍🏽', '\u200d', '\ufe0f', '❤', '1', '²', '½', '\ud800', ' '],
  ];

  it.each(alphabets.map((alphabet) => [alphabet.join(' '), alphabet] as const))(
    'finds what a search word by word finds, in texts of %s',
    (_, alphabet) => {
      const text = (maxLength: number) => fc.string({ unit: fc.constantFrom(...alphabet), maxLength });
      fc.assert(
        fc.property(fc.array(text(6), { maxLength: 8 }), text(40), (blocked, text) => {
          const matcher = WordMatcher.of(blocked);
          const units = Array<boolean>(text.length).fill(false);
          for (const { start, end } of matcher.find(text)) units.fill(true, start, end);
          expect(units).toEqual(covered(blocked, text));
          expect(matcher.matches(text)).toBe(units.includes(true));
        }),
        { numRuns: 200 },
      );
    },
  );

  it('folds every character as a word of it is folded', () => {
    const wrong: string[] = [];
    const step = (codePoint: number) => (codePoint < 0x600 ? 1 : codePoint < 0x10000 ? 13 : 127);
    for (let codePoint = 0; codePoint < 0x30000; codePoint += step(codePoint)) {
      if (codePoint >= 0xd800 && codePoint <= 0xdfff) continue;
      const text = String.fromCodePoint(codePoint);
      const forms = [text.toUpperCase(), text.normalize('NFD'), text.normalize('NFKC')];
      const isRight = (form: string) =>
        WordMatcher.of([form]).matches(text) === covered([form], text).includes(true) &&
        WordMatcher.of([text]).matches(form) === covered([text], form).includes(true);
      if (!forms.every(isRight)) wrong.push(codePoint.toString(16));
    }
    expect(wrong).toEqual([]);
  });

  it('takes the longest list, and tells how much memory it needs', () => {
    const longest = Array.from({ length: 1000 }, (_, n) => `${'a '.repeat(29)}b${n}`);
    expect(WordMatcher.of(longest).bytes).toBeLessThan(3_000_000);
    expect(WordMatcher.of(longest).matches(`${'a '.repeat(9_000)}b17`)).toBe(true);
    expect(WordMatcher.of(longest).matches('a '.repeat(9_999))).toBe(false);
  });

  it.each([
    ['phrases that begin alike', Array.from({ length: 1000 }, (_, n) => `${'a '.repeat(29)}b${n}`), 'a '],
    ['phrases that end alike', Array.from({ length: 1000 }, (_, n) => `b${n}${' a'.repeat(29)}`), 'a '],
    ['phrases inside of each other', Array.from({ length: 32 }, (_, n) => 'a '.repeat(n + 1)), 'a '],
    ['characters that are words', Array.from({ length: 64 }, (_, n) => '人'.repeat(n + 1)), '人'],
    ['one word', ['bad'], '\u05b1\u05b0'],
    ['another', ['bad'], '\u0301\u0323'],
  ])('takes time linear in the text: %s', async (_, blocked, unit) => {
    const matcher = WordMatcher.of(blocked);
    const [half, whole] = [8_000, 16_000].map((length) => unit.repeat(length / unit.length));
    expect(
      await timeGrowth(
        () => matcher.find(half!),
        () => matcher.find(whole!),
      ),
    ).toBeLessThanOrEqual(LINEAR_GROWTH);
  });

  it.each([
    ['a', true],
    ['4', true],
    ['人', true],
    ['!?', false],
    [' \u200b', false],
  ])('says whether %j has a word', (text, expected) => expect(hasWord(text)).toBe(expected));
});
