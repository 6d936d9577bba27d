import { accumulator, windowOutput } from './accumulators';
import { expression, variables, sortBy, UNITS } from './expressions';
import { document } from './documents';
import { oddValue, path } from './odd-values';
import {
  boolean,
  deeper,
  either,
  fieldPath,
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
import { geometry, projection, query, sort } from './queries';
import { Fields } from './raw-bson';

export const COLLECTIONS = ['one', 'two', 'many', 'view', 'geo', 'made', 'out'];
export const collection: Part = mostly(({ random }) =>
  random.chance(0.97)
    ? random.pick(COLLECTIONS)
    : random.pick(['', '$cmd', 'system.x', 'a.b', 'x'.repeat(300), 'none', '$x', 'é', 'a\0b']),
);

const nested: Part = (making) =>
  making.depth > 0 ? pipeline({ ...making, depth: Math.min(making.depth - 1, 2) }) : [];
const target = either(collection, record({ 'db!': one('fz', 'none', ''), 'coll!': collection }));

const rank = record({ 'input!': record({ pipelines: named(nested) }), combination: odd });
const search = record(
  {
    index: text,
    text: record({ query: text, path: fieldPath }),
    cosmosSearch: record({ vector: list(number), path: fieldPath, k: number }),
    returnStoredSource: boolean,
  },
  0.4,
);

const STAGES: Record<string, Part> = {
  $match: query,
  $project: projection,
  $addFields: named(expression),
  $set: named(expression),
  $unset: either(fieldPath, list(fieldPath)),
  $limit: number,
  $skip: number,
  $sort: sort,
  $sample: record({ size: number }),
  $count: text,
  $sortByCount: expression,
  $unwind: either(
    ({ random }) => `$${path(random)}`,
    record({
      'path!': ({ random }) => `$${path(random)}`,
      includeArrayIndex: text,
      preserveNullAndEmptyArrays: boolean,
    }),
  ),
  $replaceRoot: record({ newRoot: expression }),
  $replaceWith: expression,
  $redact: either(
    one('$$KEEP', '$$PRUNE', '$$DESCEND'),
    (making) => ({ $cond: [expression(making), '$$PRUNE', '$$DESCEND'] }),
    expression,
  ),
  $group: (making) =>
    new Fields([
      ['_id', mostly(either(expression, one(null)))(making)],
      ...making.random.many(
        0,
        3,
        () => [path(making.random).replaceAll('.', ''), accumulator(deeper(making))] as const,
      ),
    ]),
  $bucket: record({
    'groupBy!': expression,
    'boundaries!': either(one([0, 5, 10], [0, 0], [5, 1], [], [0], [0, 'a']), list(odd)),
    default: odd,
    output: named(accumulator),
  }),
  $bucketAuto: record(
    {
      'groupBy!': expression,
      'buckets!': number,
      output: named(accumulator),
      granularity: one('R5', 'POWERSOF2', '1-2-5', 'E192', 'x'),
    },
    0.5,
  ),
  $facet: named(nested),
  $lookup: record(
    {
      'from!': either(collection, record({ db: text, coll: text })),
      localField: fieldPath,
      foreignField: fieldPath,
      'as!': fieldPath,
      let: variables,
      pipeline: nested,
    },
    0.4,
  ),
  $graphLookup: record(
    {
      'from!': collection,
      'startWith!': expression,
      'connectFromField!': fieldPath,
      'connectToField!': fieldPath,
      'as!': fieldPath,
      maxDepth: number,
      depthField: fieldPath,
      restrictSearchWithMatch: query,
    },
    0.5,
  ),
  $unionWith: either(collection, record({ coll: collection, pipeline: nested }, 0.3)),
  $documents: either(
    list(({ random }) => document(random)),
    expression,
  ),
  $merge: either(
    collection,
    record(
      {
        'into!': target,
        on: either(fieldPath, list(fieldPath)),
        let: variables,
        whenMatched: either(one('replace', 'keepExisting', 'merge', 'fail', 'x'), nested),
        whenNotMatched: one('insert', 'discard', 'fail'),
      },
      0.5,
    ),
  ),
  $out: either(collection, target, record({ db: one('fz'), coll: collection, timeseries: odd })),
  $setWindowFields: record({ partitionBy: expression, sortBy, 'output!': named(windowOutput) }, 0.3),
  $densify: record({
    'field!': fieldPath,
    partitionByFields: list(fieldPath),
    'range!': record({
      'step!': number,
      unit: UNITS,
      'bounds!': either(one('full', 'partition', [0, 10], [new Date(0), new Date(1e8)]), list(odd)),
    }),
  }),
  $fill: record(
    {
      partitionBy: expression,
      partitionByFields: list(fieldPath),
      sortBy,
      'output!': named(either(record({ value: expression }), record({ method: one('linear', 'locf', 'x') }))),
    },
    0.5,
  ),
  $geoNear: record(
    {
      'near!': either(geometry, list(number, 2, 2)),
      'distanceField!': fieldPath,
      key: one('loc', 'geo', 'none'),
      query,
      maxDistance: number,
      minDistance: number,
      spherical: boolean,
      includeLocs: fieldPath,
      distanceMultiplier: number,
    },
    0.5,
  ),
  $indexStats: one({}, { x: 1 }),
  $collStats: record(
    { latencyStats: one({}), storageStats: one({}, { scale: 0 }), count: one({}), queryExecStats: one({}) },
    0.5,
  ),
  $planCacheStats: one({}),
  $currentOp: record({ allUsers: boolean, idleConnections: boolean, localOps: boolean }, 0.5),
  $listSessions: one({}, { allUsers: true }),
  $listLocalSessions: one({}),
  $listSearchIndexes: one({}, { name: 'x' }),
  $search: search,
  $searchMeta: search,
  $vectorSearch: record({
    index: text,
    path: fieldPath,
    queryVector: list(number),
    numCandidates: number,
    limit: number,
    filter: query,
  }),
  $rankFusion: rank,
  $changeStream: one({}, { fullDocument: 'updateLookup' }),
  $changeStreamSplitLargeEvent: one({}),
  $querySettings: one({}),
  $_internalInhibitOptimization: one({}),
  $inverseMatch: record({ path: fieldPath, input: query, from: collection, pipeline: nested }),
};
/** What the engine refuses whatever is in it. */
const REFUSED =
  '$listSessions $listLocalSessions $listSearchIndexes $search $searchMeta $rankFusion $changeStream $changeStreamSplitLargeEvent $planCacheStats $querySettings'.split(
    ' ',
  );
const taken = operator(Object.fromEntries(Object.entries(STAGES).filter(([name]) => !REFUSED.includes(name))));
const any = operator(STAGES);
const stage: Part = (making) => (making.random.chance(0.1) ? any : taken)(making);
/** Those that other stages are most about. */
const COMMON = ['$match', '$project', '$group', '$sort', '$limit', '$unwind', '$addFields', '$lookup'];

/** Stages in any order, also in one where they make no sense. */
export function pipeline(making: Making): unknown {
  const { random } = making;
  const common = operator(Object.fromEntries(COMMON.map((name) => [name, STAGES[name]!])));
  const stages: unknown[] = random.many(0, random.chance(0.1) ? 8 : 4, () =>
    (random.chance(0.35) ? common : stage)(making),
  );
  if (random.chance(0.08)) stages.push(operator({ $merge: STAGES.$merge!, $out: STAGES.$out! })(making));
  if (random.chance(0.02)) stages.push(oddValue(random));
  return stages;
}
/** Stages of a pipeline that begins without a collection. */
export function databasePipeline(making: Making): unknown {
  const { random } = making;
  const first = random.chance(0.75) ? { $documents: random.many(0, 3, () => document(random)) } : stage(making);
  return [first, ...(pipeline(making) as unknown[])];
}
export const anyPipeline: Part = mostly(pipeline);
