import { valueOf } from '../bson/build';
import { MongoError } from '../errors/mongo-error';
import type { Command } from './command';

type Fields = Record<string, unknown>;

const UNKNOWN_FIELD = 40_415;
const MOST_NODES = 50;
const READ_LEVELS = new Set(['local', 'available', 'majority', 'linearizable', 'snapshot']);
const LEVELS_IN_TRANSACTIONS = new Set(['local', 'majority', 'snapshot']);
const SNAPSHOT_READS = new Set(['find', 'aggregate', 'distinct']);
/** Commands that write nothing, and so take no write concern. An aggregate may end in `$out`. */
const WITHOUT_WRITE_CONCERN = new Set([
  'find',
  'count',
  'distinct',
  'getMore',
  'listCollections',
  'listIndexes',
  'ping',
]);
const READ_CONCERN_FIELDS = new Set(['level', 'afterClusterTime', 'atClusterTime', 'afterOpTime', 'provenance']);
const WRITE_CONCERN_FIELDS = new Set([
  'w',
  'j',
  'fsync',
  'wtimeout',
  'provenance',
  'wElectionId',
  'wOpTime',
  'getLastError',
]);

/**
 * One node serves every read concern but a snapshot across commands, which only a transaction has here. `afterClusterTime` is
 * always reached.
 * @throws MongoError TypeMismatch, FailedToParse, InvalidOptions, SnapshotUnavailable
 */
export function checkReadConcern(command: Command, value: unknown): void {
  const { level, atClusterTime } = concernOf(value, 'readConcern', READ_CONCERN_FIELDS);
  if (level !== undefined && !READ_LEVELS.has(level as string)) {
    throw MongoError.of('FailedToParse', `readConcern.level must be one of ${[...READ_LEVELS].join(', ')}`);
  }
  if (level === 'linearizable' && ['$out', '$merge'].some((stage) => command.request.body.includes(stage))) {
    throw MongoError.of('InvalidOptions', 'a pipeline that ends in $out or $merge takes no linearizable read concern');
  }
  if (command.inTransaction) return checkInTransaction(command, (level as string | undefined) ?? 'local');
  if (level === 'snapshot' || atClusterTime !== undefined) {
    throw SNAPSHOT_READS.has(command.name)
      ? MongoError.of('SnapshotUnavailable', 'a snapshot is only available in a transaction here')
      : MongoError.of(
          'InvalidOptions',
          `Command ${command.name} does not support { readConcern: { level: "snapshot" } }`,
        );
  }
}

function checkInTransaction({ startsTransaction }: Command, level: string): void {
  if (!startsTransaction) {
    throw MongoError.of(
      'InvalidOptions',
      'Only the first command in a transaction may specify a readConcern, other than internal commands',
    );
  }
  if (LEVELS_IN_TRANSACTIONS.has(level)) return;
  throw MongoError.of(
    'InvalidOptions',
    "The readConcern level must be either 'local' (default), 'majority' or 'snapshot' in order to run in a transaction",
  );
}

/**
 * Refuses a write concern that MongoDB refuses before it does anything.
 * @throws MongoError FailedToParse, TypeMismatch, InvalidOptions
 */
export function checkWriteConcern(command: Command, value: unknown): void {
  const { w, j, wtimeout } = concernOf(value, 'writeConcern', WRITE_CONCERN_FIELDS);
  const isText = typeof w === 'string';
  const isTags = typeof w === 'object' && w !== null && !Array.isArray(w);
  if (w !== undefined && !isText && !isTags && typeof w !== 'number') {
    throw MongoError.of('FailedToParse', 'w has to be a number, string, or object');
  }
  if (typeof w === 'number' && !(w >= 0 && w <= MOST_NODES)) {
    throw MongoError.of(
      'FailedToParse',
      `w has to be a non-negative number and not greater than ${MOST_NODES}; found: ${w}`,
    );
  }
  if (j !== undefined && typeof j !== 'boolean' && typeof j !== 'number') {
    throw MongoError.of(
      'TypeMismatch',
      "BSON field 'writeConcern.j' is the wrong type, expected types '[bool, number]'",
    );
  }
  if (wtimeout !== undefined && !(typeof wtimeout === 'number' && wtimeout >= 0)) {
    throw MongoError.of('FailedToParse', 'wtimeout has to be a non-negative number');
  }
  if (WITHOUT_WRITE_CONCERN.has(command.name)) {
    throw MongoError.of('InvalidOptions', `Command ${command.name} does not support writeConcern`);
  }
  if (command.inTransaction && command.name !== 'commitTransaction' && command.name !== 'abortTransaction') {
    throw MongoError.of('InvalidOptions', 'writeConcern is not allowed within a multi-statement transaction');
  }
}

/**
 * What a reply says of a write concern that one node cannot satisfy: the write is done and durable here all the same.
 * @returns the reply's `writeConcernError`; null when the write concern holds or there is none
 */
export function unsatisfied(command: Command): Fields | null {
  const option = command.options.find(({ name }) => name === 'writeConcern');
  if (!option) return null;
  const { w, wtimeout = 0 } = valueOf(command.request.body, option) as Fields;
  const errInfo = { writeConcern: { w, wtimeout, provenance: 'clientSupplied' } };
  if (typeof w === 'number' && w > 1) {
    const errmsg = 'Not enough data-bearing nodes';
    return { code: 100, codeName: 'UnsatisfiableWriteConcern', errmsg, errInfo };
  }
  if (w === undefined || w === 'majority' || typeof w === 'number') return null;
  const named = typeof w === 'string' ? `named '${w}' ` : '';
  const errmsg = `No write concern mode ${named}found in replica set configuration`;
  return { code: 79, codeName: 'UnknownReplWriteConcern', errmsg, errInfo };
}

/** @throws MongoError TypeMismatch, 40415 for a field that is none */
function concernOf(value: unknown, name: string, known: ReadonlySet<string>): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw MongoError.of('TypeMismatch', `BSON field '${name}' is the wrong type, expected type 'object'`);
  }
  const unknown = Object.keys(value).find((field) => !known.has(field));
  if (unknown === undefined) return value as Fields;
  throw new MongoError(UNKNOWN_FIELD, `BSON field '${name}.${unknown}' is an unknown field.`);
}
