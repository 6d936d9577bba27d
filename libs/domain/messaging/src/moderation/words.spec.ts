import { hasWord, WordMatcher } from './words';

const found = (blocked: string[], text: string): string[] =>
  new WordMatcher(blocked).find(text).map(({ start, end }) => text.slice(start, end));

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
  ])('finds %j in %j', (blocked, text, expected) => expect(found(blocked, text)).toEqual(expected));

  it('takes a long text in one go', () => {
    const matcher = new WordMatcher(Array.from({ length: 1000 }, (_, n) => `blocked ${n}`));
    const begin = performance.now();
    expect(matcher.find('blocked '.repeat(2_500))).toEqual([]);
    expect(performance.now() - begin).toBeLessThan(2_000);
  });

  it.each([
    ['a', true],
    ['4', true],
    ['人', true],
    ['!?', false],
    [' \u200b', false],
  ])('says whether %j has a word', (text, expected) => expect(hasWord(text)).toBe(expected));
});
