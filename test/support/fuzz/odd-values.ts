import fc, { type Arbitrary } from 'fast-check';

/** `usual`, but for one time in `every`. */
export const rarely = <T, U>(every: number, usual: T, odd: Arbitrary<U>): Arbitrary<T | U> =>
  fc.oneof({ arbitrary: fc.constant(usual), weight: every - 1 }, { arbitrary: odd, weight: 1 });

/** Text that means something to some layer below, or that few layers expect. */
const ODD_TEXTS = [
  ...['', ' ', 'me', '.', '..', 'null', 'undefined', 'NaN', 'true', '0', '-0', '-1', '1e400', '99999999999999999999'],
  ...[
    '\0',
    'a\0b',
    '\ud800',
    'a\udc00b',
    '\u200b',
    '\u202e',
    '\ufeff',
    '\u0001\u001f',
    '😀'.repeat(40),
    'é',
    'e\u0301',
  ],
  ...['$where', '$ne', '__proto__', 'constructor', 'prototype', '_bsontype', 'toString', 'hasOwnProperty'],
  ...['%', '%00', '%zz', '%ED%A0%80', '../../etc/passwd', 'a/b', 'a?b=c', 'a#b', "' OR 1=1 --", '<script>', '{"a":1}'],
  ...['2027-03-14T02:30:00', '2027-03-14T02:30:00Z', '0000-00-00', '+275760-09-13T00:00:00Z', '1970-01-01'],
  ...['0'.repeat(24), 'f'.repeat(24), 'F'.repeat(24), 'x'.repeat(24), 'a'.repeat(257), 'b'.repeat(5_000)],
];

export const oddText: Arbitrary<string> = fc.oneof(
  { arbitrary: fc.constantFrom(...ODD_TEXTS), weight: 4 },
  { arbitrary: fc.string({ unit: 'binary', maxLength: 20 }), weight: 2 },
  { arbitrary: fc.nat(1e9).map((seed) => seed.toString(16).padStart(24, '0')), weight: 1 },
);

const many = ([item, count]: readonly [string, number]) => `[${Array(count).fill(item).join()}]`;

const ODD_NUMBERS = [
  '0',
  '-0',
  '1',
  '-1',
  '1.5',
  '1e400',
  '-1e400',
  '1e-400',
  '2147483648',
  '9007199254740993',
  '1e21',
];

/** JSON as its text, with what no JSON.stringify would write: names twice, numbers beyond doubles, lists of any length. */
export const oddJson: Arbitrary<string> = fc.letrec<{ value: string; object: string }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom('null', 'true', 'false', '{}', '[]', ...ODD_NUMBERS),
    oddText.map((text) => JSON.stringify(text)),
    fc
      .double()
      .map(String)
      .map((text) => (/^-?\d/.test(text) ? text : 'null')),
    fc.array(tie('value'), { maxLength: 5 }).map((items) => `[${items.join()}]`),
    tie('object'),
    fc
      .tuple(fc.constantFrom('0', '""', '{}', `"${'0'.repeat(24)}"`), fc.constantFrom(12, 600, 3_000, 20_000))
      .map(many),
    fc.constantFrom(10, 63, 70, 500).map((depth) => `${'['.repeat(depth)}${']'.repeat(depth)}`),
    fc.constantFrom(10, 63, 70).map((depth) => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`),
  ),
  object: fc
    .array(fc.tuple(oddText, tie('value')), { maxLength: 5 })
    .map((fields) => `{${fields.map(([name, value]) => `${JSON.stringify(name)}:${value}`).join()}}`),
})).value;

/** What is no JSON, or not in UTF-8. */
export const oddBytes: Arbitrary<Buffer> = fc.oneof(
  fc
    .constantFrom('', '{', '{"a":', '[1,]', '{"a":1}}', "{'a':1}", '\ufeff{}', 'nul', '"\ud800"', '{"a":\u0001}')
    .map((text) => Buffer.from(text)),
  fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
  fc.constantFrom(2 ** 20 - 10, 2 ** 20 + 10).map((size) => Buffer.alloc(size, ' ')),
);
