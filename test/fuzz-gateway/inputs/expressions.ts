import { oddValue, path } from './odd-values';
import { Fields } from './raw-bson';
import {
  boolean,
  either,
  list,
  mostly,
  named,
  number,
  odd,
  one,
  operator,
  record,
  text,
  type Making,
  type Part,
} from './parts';

export const UNITS = one(
  'year',
  'quarter',
  'week',
  'month',
  'day',
  'hour',
  'minute',
  'second',
  'millisecond',
  'fortnight',
);
const ZONES = one('UTC', 'Europe/Berlin', '+05:30', '-99:99', 'Nowhere/City', '', '$s');
const FORMATS = one('%Y-%m-%d', '%G-W%V-%u', '%', '%q', '%Z%z%H%M%S%L', '', '%Y'.repeat(500));

/** An expression: a field, a variable, a literal, an operator. */
export const expression: Part = (making) => {
  const { random, depth } = making;
  if (depth <= 0 || random.chance(0.35)) return leaf(making);
  if (random.chance(0.05)) return named(expression)(making);
  return anyExpression(making);
};

function leaf({ random }: Making): unknown {
  switch (random.below(5)) {
    case 0:
    case 1:
      return `$${path(random)}`;
    case 2:
      return random.pick([
        '$$ROOT',
        '$$NOW',
        '$$CURRENT',
        '$$REMOVE',
        '$$this',
        '$$value',
        '$$v',
        '$$KEEP',
        '$$CLUSTER_TIME',
        '$$SEARCH_META',
        '$$none',
      ]);
    case 3:
      return random.below(10);
    default:
      return random.odd(0.4)
        ? oddValue(random, 2)
        : random.pick(['a', 2, -1, 1.5, null, true, new Date(1.7e12), ['a', 1]]);
  }
}

const expressions = list(expression, 0, 4);
export const pair = list(expression, 2, 2);
const triple = list(expression, 3, 3);
const inDate = { date: expression, timezone: ZONES };

/** Operators of one argument, of a list, or of either. */
const BY_ARGUMENTS: [Part, string][] = [
  [
    expression,
    'abs acos acosh allElementsTrue anyElementTrue arrayToObject asin asinh atan atanh binarySize bitNot bsonSize ceil cos cosh degreesToRadians exp first floor isArray isNumber last ln log10 not objectToArray radiansToDegrees reverseArray sin sinh size sqrt strLenBytes strLenCP tan tanh toBool toDate toDecimal toDouble toHashedIndexKey toInt toLong toLower toObjectId toString toUUID toUpper tsIncrement tsSecond type',
  ],
  [
    expressions,
    'add and avg bitAnd bitOr bitXor concat concatArrays ifNull max mergeObjects min multiply or setEquals setIntersection setUnion stdDevPop stdDevSamp sum trunc round range slice',
  ],
  [
    pair,
    'atan2 arrayElemAt cmp divide eq gt gte in log lt lte mod ne pow setDifference setIsSubset split strcasecmp subtract',
  ],
  [
    either(pair, triple, list(expression, 2, 4)),
    'indexOfArray indexOfBytes indexOfCP substr substrBytes substrCP cond',
  ],
  [
    either(expression, record(inDate)),
    'dayOfMonth dayOfWeek dayOfYear hour isoDayOfWeek isoWeek isoWeekYear millisecond minute month second week year',
  ],
  [odd, 'const literal rand meta'],
];

/** Named as variables may be. */
export const variables: Part = mostly(
  (making) =>
    new Fields(making.random.many(0, 2, () => [making.random.pick(['v', 'x', 'this']), expression(making)] as const)),
);

const variable = one('v', 'this', 'x', '', '$v', 'CURRENT', 'V');
const lambda = { 'input!': expression, as: variable, in: expression };
const byDate = { 'startDate!': expression, 'unit!': UNITS, 'amount!': either(number, expression), timezone: ZONES };
const regex = record({ 'input!': expression, 'regex!': either(text, odd), options: one('', 'i', 'z', 'imsx') });
const trim = record({ 'input!': expression, chars: either(text, expression) });
const replace = record({ 'input!': expression, 'find!': expression, 'replacement!': expression });
export const sortBy = either(named(one(1, -1, 0, { $meta: 'textScore' })), one(1, -1));
export const nOf = record({ 'n!': either(number, expression), 'input!': expression });
const field = record({ 'field!': either(text, expression), input: expression, value: expression });

export const scripted = record({
  init: one('function () {}'),
  accumulate: odd,
  accumulateArgs: expressions,
  merge: odd,
  lang: one('js'),
});
export const median = record({ 'input!': expression, 'method!': one('approximate', 'discrete') });
export const percentile = record({
  'input!': expression,
  'p!': list(one(0, 0.5, 1, 2, -1)),
  'method!': one('approximate', 'x'),
});

const BY_NAMES: Record<string, Part> = {
  $accumulator: scripted,
  $cond: record({ 'if!': expression, 'then!': expression, 'else!': expression }),
  $convert: record({
    'input!': expression,
    'to!': either(
      one('int', 'date', 'decimal', 'objectId', 'binData', 'uuid', 1, 19, 99),
      record({ type: text, subtype: number }),
    ),
    onError: expression,
    onNull: expression,
    format: one('base64', 'hex', 'uuid', 'auto'),
    byteOrder: one('little', 'big'),
  }),
  $dateAdd: record(byDate),
  $dateSubtract: record(byDate),
  $dateDiff: record(
    {
      'startDate!': expression,
      'endDate!': expression,
      'unit!': UNITS,
      timezone: ZONES,
      startOfWeek: one('mon', 'sunday', 'x'),
    },
    0.4,
  ),
  $dateFromParts: record(
    {
      'year!': number,
      month: number,
      day: number,
      hour: number,
      minute: number,
      second: number,
      millisecond: number,
      timezone: ZONES,
      isoWeekYear: number,
      isoWeek: number,
      isoDayOfWeek: number,
    },
    0.6,
  ),
  $dateFromString: record(
    {
      'dateString!': either(one('2026-01-01', '2026-13-45T99:00', 'x', '0000'), expression),
      format: FORMATS,
      timezone: ZONES,
      onError: expression,
      onNull: expression,
    },
    0.5,
  ),
  $dateToParts: record({ 'date!': expression, timezone: ZONES, iso8601: boolean }, 0.4),
  $dateToString: record({ 'date!': expression, format: FORMATS, timezone: ZONES, onNull: expression }, 0.4),
  $dateTrunc: record(
    { 'date!': expression, 'unit!': UNITS, binSize: number, timezone: ZONES, startOfWeek: one('mon', 'x') },
    0.4,
  ),
  $filter: record({ ...lambda, cond: expression, limit: number }, 0.3),
  $firstN: nOf,
  $lastN: nOf,
  $maxN: nOf,
  $minN: nOf,
  $function: record({ body: one('function () {}'), args: expressions, lang: one('js') }),
  $getField: either(text, field),
  $let: record({ 'vars!': variables, 'in!': expression }),
  $ltrim: trim,
  $rtrim: trim,
  $trim: trim,
  $map: record(lambda),
  $median: median,
  $percentile: percentile,
  $reduce: record({ 'input!': expression, 'initialValue!': expression, 'in!': expression }),
  $regexFind: regex,
  $regexFindAll: regex,
  $regexMatch: regex,
  $replaceAll: replace,
  $replaceOne: replace,
  $setField: field,
  $unsetField: field,
  $sortArray: record({ 'input!': expression, 'sortBy!': sortBy }),
  $switch: record({ 'branches!': list(record({ 'case!': expression, 'then!': expression })), default: expression }),
  $zip: record({ 'inputs!': list(expression), useLongestLength: boolean, defaults: expressions }, 0.4),
  $makeArray: expressions,
  $_bucketInternal: odd,
};

/** All operators of expressions, their arguments mostly of the right shape. */
const EXPRESSIONS: Record<string, Part> = {
  ...Object.fromEntries(
    BY_ARGUMENTS.flatMap(([part, names]) => names.split(' ').map((name) => [`$${name}`, mostly(part)])),
  ),
  ...BY_NAMES,
};
const anyExpression = operator(EXPRESSIONS);
