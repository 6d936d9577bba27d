import { oddNumber, oddText, oddValue, path, regExp } from './odd-values';
import {
  boolean,
  deeper,
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
  type Part,
} from './parts';
import { expression } from './expressions';
import { Fields } from './raw-bson';

const position: Part = list(either(one(0, 13.4, 52.5, -180, 180, 90, 91, 1e9), number), 2, 2);
const ring = list(position, 0, 6);
const closedRing = one(
  [
    [0, 0],
    [0, 5],
    [5, 5],
    [0, 0],
  ],
  [
    [0, 0],
    [0, 1],
    [0, 0],
  ],
  [
    [0, 0],
    [5, 5],
    [0, 5],
    [5, 0],
    [0, 0],
  ],
);
export const geometry: Part = record(
  {
    'type!': one('Point', 'LineString', 'Polygon', 'MultiPoint', 'MultiPolygon', 'GeometryCollection', 'point'),
    'coordinates!': either(position, ring, list(either(ring, closedRing), 1, 2), list(list(closedRing, 1, 2), 1, 2)),
    crs: record({
      type: one('name'),
      properties: record({ name: one('urn:x-mongodb:crs:strictwinding:EPSG:4326', 'x') }),
    }),
  },
  0.8,
);
const shape = either(
  record({ $geometry: geometry }),
  record({ $box: list(position, 2, 2) }),
  record({ $polygon: ring }),
  record({ $center: list(either(position, number), 2, 2) }),
  record({ $centerSphere: list(either(position, number), 2, 2) }),
);
const near = either(record({ '$geometry!': geometry, $maxDistance: number, $minDistance: number }, 0.5), position);
const bits = either(number, list(number), odd);

const jsonSchema: Part = record(
  {
    bsonType: either(one('object', 'int', 'x', 'any'), list(one('string', 'null'))),
    required: list(text),
    properties: named((making) => (making.depth > 0 ? jsonSchema(deeper(making)) : {})),
    minimum: number,
    maximum: number,
    pattern: text,
    enum: list(odd),
    additionalProperties: boolean,
    items: (making) => (making.depth > 0 ? jsonSchema(deeper(making)) : {}),
    minItems: number,
    uniqueItems: boolean,
  },
  0.6,
);

/** What a field may be asked for. */
const OPERATORS: Record<string, Part> = {
  ...Object.fromEntries(['eq', 'ne', 'gt', 'gte', 'lt', 'lte'].map((name) => [`$${name}`, either(odd, number)])),
  $in: list(either(odd, number, ({ random }) => regExp(random))),
  $nin: list(either(odd, number)),
  $not: (making) => (making.depth > 0 ? fieldOperator(making) : oddValue(making.random)),
  $exists: boolean,
  $type: either(one('int', 'string', 2, 255, -1, 'x', 99), list(one('int', 2))),
  $all: either(
    list(odd),
    list((making) => ({ $elemMatch: making.depth > 0 ? query(deeper(making)) : {} })),
  ),
  $elemMatch: (making) => (making.depth > 0 ? either(query, fieldOperator)(making) : {}),
  $size: number,
  $mod: list(number, 0, 3),
  $regex: either(text, ({ random }) => regExp(random)),
  $options: text,
  $bitsAllClear: bits,
  $bitsAllSet: bits,
  $bitsAnyClear: bits,
  $bitsAnySet: bits,
  $geoWithin: shape,
  $within: shape,
  $geoIntersects: record({ '$geometry!': geometry }),
  $near: near,
  $nearSphere: near,
  $maxDistance: number,
  $uniqueDocs: boolean,
  $ref: text,
  $id: odd,
};
const fieldOperator: Part = operator(OPERATORS);

const TOP: Record<string, Part> = {
  $and: list((making) => query(making), 1, 3),
  $or: list((making) => query(making), 1, 3),
  $nor: list((making) => query(making), 0, 3),
  $expr: expression,
  $where: one('this.a', 'function () { return true; }'),
  $text: record({
    '$search!': text,
    $language: one('en', 'none', 'klingon'),
    $caseSensitive: boolean,
    $diacriticSensitive: boolean,
  }),
  $jsonSchema: jsonSchema,
  $comment: text,
  $sampleRate: number,
  $alwaysTrue: number,
  $alwaysFalse: number,
};
const top = operator(TOP);

/** A filter. */
export const query: Part = mostly((making) => {
  const { random, depth } = making;
  const entries = random.many(0, 3, () => {
    if (depth > 0 && random.chance(0.2)) return (top(making) as Fields).entries[0]!;
    const value = random.chance(0.35) ? random.pick<Part>([number, odd, text])(making) : fieldOperator(making);
    return [path(random), value] as const;
  });
  return new Fields(entries);
});

export const projection: Part = mostly((making) => {
  const { random } = making;
  const kind = random.pick<Part>([
    one(1),
    one(0),
    one(true),
    expression,
    record({ $slice: either(number, list(number)) }),
    (each) => ({ $elemMatch: query(each) }),
    record({ $meta: one('textScore', 'indexKey', 'x') }),
    odd,
  ]);
  return new Fields(
    random.many(0, 3, () => [random.chance(0.1) ? `${path(random)}.$` : path(random), kind(deeper(making))] as const),
  );
});

const array = (of: Part) => named(of);
const numbers = named(({ random }) => oddNumber(random));

/** Operators of an update. */
const UPDATES: Record<string, Part> = {
  $set: named(odd),
  $setOnInsert: named(odd),
  $unset: named(one('', 1)),
  $inc: numbers,
  $mul: numbers,
  $min: named(odd),
  $max: named(odd),
  $rename: named(({ random }) => path(random)),
  $currentDate: named(either(boolean, record({ $type: one('date', 'timestamp', 'x') }))),
  $push: array(
    either(
      odd,
      record(
        { '$each!': list(odd), $slice: number, $sort: either(one(1, -1), named(one(1, -1))), $position: number },
        0.4,
      ),
    ),
  ),
  $addToSet: array(either(odd, record({ $each: list(odd) }))),
  $pop: array(one(1, -1, 0, 2)),
  $pull: array(either(odd, query, fieldOperator)),
  $pullAll: array(list(odd)),
  $bit: named(operator({ $and: number, $or: number, $xor: number })),
};

/** Operators with now and then an array's position in their paths; or a whole document. */
export const update: Part = mostly((making) => {
  const { random } = making;
  if (random.chance(0.15))
    return new Fields([
      [path(random), oddValue(random)],
      ['a', 1],
    ]);
  const names = random.many(1, 3, () => random.pick(Object.keys(UPDATES)));
  return new Fields(
    [...new Set(names)].map(
      (name) =>
        [
          name,
          positioned(
            random.chance(0.25),
            UPDATES[name]!(deeper(making)),
            random.pick(['$', '$[]', '$[e]', '0', '$[none]']),
          ),
        ] as const,
    ),
  );
});

function positioned(wanted: boolean, made: unknown, by: string): unknown {
  if (!wanted || !(made instanceof Fields)) return made;
  return new Fields(
    made.entries.map(([name, value], at) => [at === 0 ? `items.${by}${oddTail(name)}` : name, value] as const),
  );
}
const oddTail = (name: string) => (name.length % 2 === 0 ? '.q' : '');

export const arrayFilters: Part = list(
  (making) => new Fields([[making.random.pick(['e', 'e.q', 'e.w', 'x', 'E', '']), fieldOperator(deeper(making))]]),
  0,
  2,
);

export const collation: Part = record(
  {
    'locale!': one('en', 'de', 'simple', 'xx', '', 'en_US@collation=search'),
    strength: one(1, 2, 3, 4, 5, 6, 0),
    caseLevel: boolean,
    caseFirst: one('upper', 'lower', 'off', 'x'),
    numericOrdering: boolean,
    alternate: one('shifted', 'non-ignorable'),
    maxVariable: one('punct', 'space'),
    backwards: boolean,
    normalization: boolean,
  },
  0.6,
);
export const sort: Part = either(
  named(one(1, -1, 1, -1, 0, { $meta: 'textScore' }, 'asc')),
  one({ a: 1 }, { $natural: 1 }, { $natural: -1 }, { _id: -1 }),
);
export const hint: Part = either(one('_id_', 'a_1', 'none', { _id: 1 }, { a: 1 }, { $natural: 1 }, ''), ({ random }) =>
  oddText(random),
);
