import {
  Binary,
  BSONRegExp,
  Code,
  Decimal128,
  Double,
  Int32,
  Long,
  MaxKey,
  MinKey,
  ObjectId,
  Timestamp,
  UUID,
} from 'bson';
import type { Random } from './random';
import { Fields, Raw } from './raw-bson';

/** Fields of the documents that the collections hold, see `seed.ts`, and ways to and past them. */
export const PATHS = [
  '_id',
  'a',
  'b',
  'n',
  's',
  't',
  'd',
  'tags',
  'items',
  'items.q',
  'items.0.q',
  'sub',
  'sub.x',
  'sub.y.z',
];
const ODD_PATHS = [...PATHS, 'loc', 'geo', 'text', 'up', 'none', 'tags.0', 'a.b.c.d', 'tags.-1', '0', '__proto__'];
const ODD_NAMES = [
  '',
  '.',
  'a.',
  '.a',
  'a..b',
  '$',
  '$$',
  '$a',
  'a.$',
  'a.$[]',
  'a.$[e]',
  'a.$[e].b',
  '$where',
  '_id.x',
  '\u0001',
  '\ufeff',
  '😀',
];
const ODD_TEXTS = [
  '',
  ' ',
  '\0',
  'a\0b',
  'é',
  'e\u0301',
  '\u202e',
  '😀'.repeat(20),
  '$a',
  '$$a',
  '$$ROOT',
  '$$NOW',
  '$.',
  '%',
  '-1',
  'NaN',
  '1e400',
  'true',
  'null',
];
const DATES = [0, -1, 1e12, 8.64e15, -8.64e15, 253402300799999, 253402300800000, -62135596800001, 1.7e12];
const NUMBERS = [
  0,
  -0,
  1,
  -1,
  2,
  3,
  7,
  1.5,
  -0.5,
  100,
  1e3,
  65_536,
  2 ** 31 - 1,
  -(2 ** 31),
  2 ** 31,
  2 ** 53,
  1e308,
  -1e308,
  5e-324,
  NaN,
  Infinity,
  -Infinity,
];
const LONGS = ['0', '1', '-1', '9223372036854775807', '-9223372036854775808', '4294967296', '2147483648'];
const DECIMALS = [
  'NaN',
  'Infinity',
  '-Infinity',
  '0',
  '-0',
  '0E+6111',
  '1E-6176',
  '9.999999999999999999999999999999999E+6144',
  '-1.5',
  '1',
  '12345678901234567890.5',
];
const PATTERNS = [
  '',
  'a',
  '^a',
  '(',
  '[',
  '*',
  '(?<n>',
  'a{2,1}',
  '(a+)+$',
  '\\',
  '(?i)a',
  '\\p{L}',
  '\\1',
  '.*'.repeat(50),
  '(?=a)',
  '[[:alpha:]]',
  'x'.repeat(33_000),
];

const int32 = (value: number) => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return bytes;
};
const text = (bytes: Buffer) => Buffer.concat([int32(bytes.length + 1), bytes, Buffer.alloc(1)]);

/** Types that drivers do not write any more, text that is no UTF-8, a list that begins at 7. */
const RAW = [
  new Raw(0x06, Buffer.alloc(0)),
  new Raw(0x0e, text(Buffer.from('symbol'))),
  new Raw(0x0c, Buffer.concat([text(Buffer.from('fz.other')), Buffer.alloc(12, 7)])),
  new Raw(0x02, text(Buffer.from([0xff, 0xfe, 0x41]))),
  new Raw(0x02, text(Buffer.from([0xed, 0xa0, 0x80]))),
  new Raw(0x05, Buffer.concat([int32(0), Buffer.from([0])])),
  new Raw(0x05, Buffer.concat([int32(8), Buffer.from([2]), int32(4), Buffer.alloc(4, 1)])),
  new Raw(0x05, Buffer.concat([int32(3), Buffer.from([4]), Buffer.alloc(3, 1)])),
  new Raw(0x05, Buffer.concat([int32(5), Buffer.from([0x80]), Buffer.alloc(5, 9)])),
  new Raw(0x08, Buffer.from([2])),
  new Raw(0x0b, Buffer.from('a\0xi\0')),
  new Raw(0x04, Buffer.from([12, 0, 0, 0, 0x10, 0x37, 0, 1, 0, 0, 0, 0])),
];

const DEEPEST = 200;
const KEY_BYTES = 40_000;

export function oddNumber(random: Random): unknown {
  switch (random.below(5)) {
    case 0:
      return new Double(random.pick(NUMBERS));
    case 1:
      return Long.fromString(random.pick(LONGS));
    case 2:
      return Decimal128.fromString(random.pick(DECIMALS));
    case 3:
      return new Int32(random.pick([0, 1, -1, 2, 5, 2 ** 31 - 1, -(2 ** 31)]));
    default:
      return random.below(20) - 5;
  }
}

export function oddText(random: Random): string {
  if (random.chance(0.01)) return 'x'.repeat(random.pick([1_000, 10_000, 100_000]));
  if (random.chance(0.4)) return random.pick(ODD_TEXTS);
  return random.chance(0.5) ? random.pick(ODD_NAMES) : random.pick(ODD_PATHS);
}

export const path = (random: Random): string =>
  random.odd(0.05) ? oddName(random) : random.pick(random.chance(0.7) ? PATHS : ODD_PATHS);

/** The name of a field. */
export function oddName(random: Random): string {
  if (random.chance(0.02)) return 'k'.repeat(KEY_BYTES);
  return random.chance(0.5) ? random.pick(ODD_NAMES) : random.pick(ODD_PATHS);
}

export function regExp(random: Random): BSONRegExp {
  return new BSONRegExp(random.pick(PATTERNS), random.pick(['', 'i', 'imsx', 'm', 's', 'u', 'l']));
}

function scalar(random: Random): unknown {
  switch (random.below(14)) {
    case 0:
      return null;
    case 1:
      return random.chance(0.5);
    case 2:
      return new Date(random.pick(DATES));
    case 3:
      return random.chance(0.5) ? new MinKey() : new MaxKey();
    case 4:
      return new Timestamp({ t: random.pick([0, 1, 0xffffffff]), i: random.pick([0, 1, 0xffffffff]) });
    case 5:
      return random.chance(0.5) ? new Code('function () {}') : new Code('x', { x: 1 });
    case 6:
      return regExp(random);
    case 7:
      return new Binary(Buffer.alloc(random.pick([0, 1, 16, 1_000])), random.pick([0, 1, 3, 5, 6, 7, 8, 9, 128, 255]));
    case 8:
      return random.chance(0.5)
        ? new UUID(Buffer.alloc(16, random.below(3)))
        : new ObjectId('0'.repeat(23) + random.below(4));
    case 9:
      return random.pick(RAW);
    case 10:
    case 11:
      return oddText(random);
    default:
      return oddNumber(random);
  }
}

/** Anything. */
export function oddValue(random: Random, depth = 3): unknown {
  if (random.chance(0.004)) return deep(random);
  if (depth <= 0 || random.chance(0.6)) return scalar(random);
  switch (random.below(4)) {
    case 0:
      return random.many(0, 4, () => oddValue(random, depth - 1));
    case 1:
      return new Fields([
        ['$ref', 'one'],
        ['$id', scalar(random)],
        ...(random.chance(0.5) ? [['$db', scalar(random)] as const] : []),
      ]);
    default:
      return oddFields(random, depth - 1);
  }
}

export function oddFields(random: Random, depth = 3): Fields {
  return new Fields(random.many(0, 4, () => [oddName(random), oddValue(random, depth)] as const));
}

/** Nested as deep as MongoDB takes it, and deeper. */
function deep(random: Random): unknown {
  const wrap = random.pick<(inner: unknown) => unknown>([
    (inner) => [inner],
    (inner) => ({ a: inner }),
    (inner) => ({ $and: [inner] }),
    (inner) => ({ $not: inner }),
    (inner) => ({ $add: [inner, 1] }),
    (inner) => ({ $cond: [true, inner, 1] }),
  ]);
  const depth = random.pick([50, 99, 150, DEEPEST]);
  return Array.from({ length: depth }).reduce<unknown>(wrap, scalar(random));
}
