import { termsOf } from './terms';

describe('termsOf', () => {
  it.each([
    ['Hello, hello WORLD!', ['hello', 'world']],
    ['Crème brûlée', ['creme', 'brulee']],
    ['ﬁne ½', ['fine', '1⁄2']],
    ['don’t', ['don’t']],
    ['東京に行く', ['東京', 'に', '行く']],
    ['🎉 … -- "', []],
    ['-word "a phrase" $where', ['word', 'a', 'phrase', 'where']],
  ])('of %j are its words', (text, terms) => expect(termsOf(text)).toEqual(terms));

  it('cuts what is no word of any language', () => expect(termsOf('x'.repeat(100))).toEqual(['x'.repeat(64)]));
  it('has an end', () => expect(termsOf(Array.from({ length: 3000 }, (_, n) => `w${n}`).join(' '))).toHaveLength(2000));
});
