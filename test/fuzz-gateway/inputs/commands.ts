import { Long } from 'bson';
import { accumulator } from './accumulators';
import { index, indexName, keys } from './index-shapes';
import { oddValue, path } from './odd-values';
import {
  boolean,
  either,
  fieldPath,
  fieldsOf,
  list,
  number,
  odd,
  one,
  record,
  text,
  type Making,
  type Part,
} from './parts';
import { collation, query, sort } from './queries';
import { Fields, LIVE_CURSOR } from './raw-bson';
import {
  aggregated,
  counted,
  cursor,
  deleted,
  distinct,
  found,
  inserted,
  modified,
  ofDatabase,
  updated,
} from './read-write-shapes';
import { anyPipeline, collection } from './stages';

const cursorId: Part = either(
  () => LIVE_CURSOR,
  one(0, 1, Long.MAX_VALUE, Long.MIN_VALUE, Long.fromString('-1')),
  number,
);
const once = one(1, 1, 1, 'x', null);
const validator = {
  validator: query,
  validationLevel: one('strict', 'moderate', 'off', 'x'),
  validationAction: one('error', 'warn', 'x'),
};

type Shape = Readonly<Record<string, Part>>;
/** The commands, their fields mostly right; a name that ends in `!` is never left out. How often each is made: its weight. */
const COMMANDS: [weight: number, shape: Shape, leftOut?: number][] = [
  [24, aggregated, 0.85],
  [4, ofDatabase, 0.9],
  [16, found, 0.75],
  [8, inserted, 0.7],
  [10, updated, 0.7],
  [4, deleted, 0.6],
  [7, modified, 0.65],
  [2, counted, 0.5],
  [3, distinct, 0.5],
  [1.5, { 'getMore!': cursorId, 'collection!': collection, batchSize: number, maxTimeMS: number }, 0.4],
  [1.5, { 'killCursors!': collection, 'cursors!': list(cursorId, 0, 3) }],
  [
    3,
    {
      'explain!': either(
        ...[found, aggregated, updated, deleted, modified, counted, distinct].map((shape) => record(shape, 0.8)),
        odd,
      ),
      verbosity: one('queryPlanner', 'executionStats', 'allPlansExecution', 'x'),
    },
  ],
  [
    2,
    {
      'create!': collection,
      ...validator,
      viewOn: collection,
      pipeline: anyPipeline,
      capped: boolean,
      size: number,
      max: number,
      timeseries: record({ timeField: fieldPath, metaField: fieldPath, granularity: one('seconds', 'x') }),
      expireAfterSeconds: number,
      clusteredIndex: odd,
      collation,
      changeStreamPreAndPostImages: odd,
      storageEngine: odd,
      indexOptionDefaults: odd,
    },
    0.85,
  ],
  [
    2,
    {
      'collMod!': collection,
      ...validator,
      index: record(
        {
          name: indexName,
          keyPattern: keys,
          expireAfterSeconds: number,
          hidden: boolean,
          prepareUnique: boolean,
          unique: boolean,
        },
        0.6,
      ),
      viewOn: collection,
      pipeline: anyPipeline,
      dryRun: boolean,
    },
    0.7,
  ],
  [4, { 'createIndexes!': collection, 'indexes!': list(index, 0, 2), commitQuorum: one('majority', 1, 'x') }, 0.9],
  [2, { 'dropIndexes!': collection, 'index!': either(indexName, one('*', '_id_', { a: 1 }), keys, list(indexName)) }],
  [1, { 'reIndex!': collection }],
  [1, { 'drop!': collection }],
  [0.3, { 'dropDatabase!': once }],
  [1, { 'renameCollection!': namespace, 'to!': namespace, dropTarget: boolean }],
  [1, { 'listCollections!': once, filter: query, nameOnly: boolean, authorizedCollections: boolean, cursor }, 0.5],
  [1, { 'listIndexes!': collection, cursor }, 0.5],
  [0.5, { 'listDatabases!': once, filter: query, nameOnly: boolean, authorizedDatabases: boolean }, 0.5],
  [0.7, { 'collStats!': collection, scale: number }, 0.4],
  [0.5, { 'dbStats!': once, scale: number, freeStorage: number }, 0.5],
  [0.7, { 'validate!': collection, full: boolean, repair: boolean, metadata: boolean }, 0.5],
  [0.5, { 'currentOp!': once, $all: boolean, $ownOps: boolean, active: boolean }, 0.5],
  [0.4, { 'killOp!': once, op: either(number, text, one('10000000001:123')) }],
  [
    1,
    {
      'hello!': once,
      client: odd,
      compression: odd,
      saslSupportedMechs: text,
      speculativeAuthenticate: odd,
      topologyVersion: odd,
    },
    0.8,
  ],
  [0.4, { 'bulkWrite!': once, 'ops!': list(odd), 'nsInfo!': list(odd) }],
  [0.3, { 'mapReduce!': collection, map: odd, reduce: odd, out: odd }],
  [0.3, { 'group!': record({ $reduce: odd, initial: odd }), accumulator }],
  [0.4, { 'endSessions!': list(odd) }],
  [0.3, { 'killSessions!': list(odd) }],
  [0.4, { 'compact!': collection }],
  [0.4, { 'dataSize!': namespace }],
  [0.3, { 'saslStart!': once, mechanism: one('PLAIN', 'SCRAM-SHA-256', 'x'), payload: odd }],
  [0.3, { 'saslContinue!': once, conversationId: number, payload: odd }],
  [0.3, { 'getParameter!': one(1, '*'), featureCompatibilityVersion: number }],
  [0.2, { 'setParameter!': once, x: odd }],
  [0.2, { 'profile!': number }],
  [2, {}],
];

/** Commands that take next to nothing, and names of none. */
const BARE =
  'ping buildInfo buildinfo isMaster ismaster connectionStatus getCmdLineOpts getLog hostInfo serverStatus replSetGetStatus replSetGetConfig whatsmyuri features listCommands getDefaultRWConcern usersInfo rolesInfo fsync logRotate refreshSessions killAllSessions startSession commitTransaction abortTransaction getFreeMonitoringStatus top eval $eval shutdown createUser dropUser grantRolesToUser shardCollection enableSharding getnonce authenticate logout cloneCollectionAsCapped convertToCapped configureFailPoint planCacheClear setFeatureCompatibilityVersion noSuchCommand'.split(
    ' ',
  );

function namespace({ random, depth }: Making): unknown {
  return `${random.pick(['fz', 'none', ''])}.${String(collection({ random, depth }))}`;
}

const TOTAL = COMMANDS.reduce((sum, [weight]) => sum + weight, 0);

/** Any command without its envelope. */
export function anyCommand(making: Making): Fields {
  const { random } = making;
  let at = random.next() * TOTAL;
  const [, shape, leftOut] = COMMANDS.find(([weight]) => (at -= weight) < 0) ?? COMMANDS[0]!;
  if (Object.keys(shape).length > 0) return fieldsOf(making, shape, leftOut);
  const name = random.chance(0.05) ? path(random) : random.pick(BARE);
  return new Fields([
    [name, random.chance(0.8) ? 1 : oddValue(random)],
    ...(random.chance(0.2) ? [['x', oddValue(random)] as const] : []),
  ]);
}

/** One for a transaction, as clients mean them. */
export function commandInTransaction(making: Making): Fields {
  const shape = making.random.pick([found, inserted, updated, deleted, modified, aggregated, distinct]);
  return making.random.chance(0.1) ? anyCommand(making) : fieldsOf(making, shape, 0.85);
}

/** A read that leaves a cursor open. */
export function openingCommand(making: Making): Fields {
  const { random } = making;
  const name = random.pick(['one', 'two', 'many', 'view']);
  const small = { batchSize: random.below(4) };
  if (random.chance(0.5))
    return new Fields([
      ['find', name],
      ...(random.chance(0.5) ? [['sort', sort(making)] as const] : []),
      ['batchSize', small.batchSize],
    ]);
  return new Fields([
    ['aggregate', name],
    ['pipeline', anyPipeline(making)],
    ['cursor', small],
  ]);
}

export function moreCommand(making: Making): Fields {
  const { random } = making;
  if (random.chance(0.2))
    return new Fields([
      ['killCursors', 'one'],
      ['cursors', [LIVE_CURSOR]],
    ]);
  return new Fields([
    ['getMore', LIVE_CURSOR],
    ['collection', collection(making)],
    ['batchSize', random.below(3)],
  ]);
}
