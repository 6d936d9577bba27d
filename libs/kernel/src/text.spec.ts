import { blankOrDisplayedTextProblem, comparableText, displayedTextProblem, isBlank, isWithin } from './text';

const from = (...ranges: [number, number][]) =>
  ranges.flatMap(([first, last]) =>
    Array.from({ length: last - first + 1 }, (_, n) => String.fromCodePoint(first + n)),
  );
const hex = (text: string) => [...text].map((each) => `U+${each.codePointAt(0)!.toString(16)}`).join(' ');

const UNSEEN = from(
  [0x0, 0x20],
  [0x7f, 0xa0],
  [0xad, 0xad],
  [0x34f, 0x34f],
  [0x61c, 0x61c],
  [0x115f, 0x1160],
  [0x1680, 0x1680],
  [0x17b4, 0x17b5],
  [0x180b, 0x180f],
  [0x2000, 0x200f],
  [0x2028, 0x202f],
  [0x205f, 0x206f],
  [0x2800, 0x2800],
  [0x3000, 0x3000],
  [0x3164, 0x3164],
  [0xfe00, 0xfe0f],
  [0xfeff, 0xfeff],
  [0xffa0, 0xffa0],
  [0xfff0, 0xfffb],
  [0x1bca0, 0x1bca3],
  [0x1d173, 0x1d17a],
  [0xe0000, 0xe0fff],
);

describe('isBlank', () => {
  it('is true of what is not seen, each alone and all together', () => {
    expect(UNSEEN.filter((each) => !isBlank(each)).map(hex)).toEqual([]);
    expect(isBlank(UNSEEN.join(''))).toBe(true);
    expect(isBlank('')).toBe(true);
  });

  it.each(['a', ' a ', '\u200b.\u200b', '👍', '❤️', '👩‍👩‍👧', '\u0301', '\u06dd', '\u0600', '人', '🏴󠁧󠁢󠁥󠁮󠁧󠁿', '\ue000'])(
    'is false of %j',
    (text) => expect(isBlank(text)).toBe(false),
  );
});

describe('displayedTextProblem', () => {
  const name = (value: unknown) => displayedTextProblem(value, { kind: 'name', max: 8 });
  const text = (value: unknown) => displayedTextProblem(value, { kind: 'text', max: 8 });

  it.each(['a', ' a ', 'Anna B.', '😀'.repeat(8), 'שלום', '\u2067שלום\u2069', '\u202bab\u202c', 'a\u200fb', '👩‍👩‍👧'])(
    'takes %j as a name and as a text',
    (value) => expect([name(value), text(value)]).toEqual([null, null]),
  );

  it.each(['a\nb', 'a\tb', 'a\r\nb', 'a\u0085b', 'a\u2028b'])('takes %j as a text, and not as a name', (value) => {
    expect(text(value)).toBeNull();
    expect(name(value)).toContain('one line');
  });

  it.each([
    'a\u202eb',
    '\u2066a',
    'a\u202c',
    'a\u2069',
    '\u202aa\u2069',
    '\u202a\u2066a\u202c\u2069',
    '\u2066a\u2069\u2069',
  ])('takes %j as a text, and not as a name: it turns what stands behind it', (value) => {
    expect(text(value)).toBeNull();
    expect(name(value)).toContain('direction');
  });

  it.each([null, undefined, 7, true, {}, ['a'], new String('a'), '', 'a'.repeat(9), '😀'.repeat(9)])(
    'refuses %j by its size or type',
    (value) => expect([name(value), text(value)]).toEqual(Array(2).fill('a text of 1 to 8 characters')),
  );

  it.each(['a\0', '\x01a', 'a\x1b[0m', 'a\rb', 'a\x0b', 'a\x0c'])('refuses the control character in %j', (value) => {
    expect(name(value)).toContain('control');
    expect(text(value)).toContain('control');
  });

  it.each(['a\ud800', '\udc00a', '\ud83d \ude00'])('refuses half a character: %j', (value) =>
    expect([name(value), text(value)]).toEqual(Array(2).fill('well-formed Unicode')),
  );

  it.each([' ', '\u200b\u2060', '\u3164', '\u202e\u202c', '\u2800'])(
    'refuses %j, of which nothing is seen',
    (value) => {
      expect(name(value)).toContain('seen');
      expect(text(value)).toContain('seen');
    },
  );

  it('takes a blank text where that stands for none, and nothing else that it would refuse', () => {
    const problem = (value: unknown) => blankOrDisplayedTextProblem(value, { kind: 'text', max: 8 });
    expect(['', ' \n', '\u200b', 'a'].map(problem)).toEqual([null, null, null, null]);
    expect(['\0', '\ud800', ' '.repeat(9), 7, null].map(problem).filter((found) => found === null)).toEqual([]);
  });
});

describe('isWithin', () => {
  it.each([
    ['', 0, true],
    ['😀😀', 2, true],
    ['😀😀a', 2, false],
    ['abc', 2, false],
  ])('counts the code points of %j, of which there may be %d', (text, max, expected) =>
    expect(isWithin(text, max)).toBe(expected),
  );
});

describe('comparableText', () => {
  it.each([
    ['Yes', 'ＹＥＳ'],
    ['yes', ' y\u200bes\u00a0'],
    ['straße', 'STRASSE'],
    ['ΣΟΦΟΣ', 'σοφος'],
    ['a b', 'a \u2003\n\tb'],
    ['café', 'cafe\u0301'],
    ['½', '1⁄2'],
    ['❤', '❤\ufe0f'],
    ['a b', 'a\u2800b'],
    ['ﬁne', 'FINE'],
    ['עב', 'ע\u200fב'],
  ])('is the same of %j and %j', (one, other) => expect(comparableText(one)).toBe(comparableText(other)));

  it.each([
    ['cafe', 'café'],
    ['a b', 'ab'],
    ['1', '2'],
    ['👍', '👍🏽'],
  ])('differs of %j and %j', (one, other) => expect(comparableText(one)).not.toBe(comparableText(other)));
});
