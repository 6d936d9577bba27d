import { valueOf } from '../bson/build';
import { withoutElements } from '../bson/raw-document';
import { MongoError } from '../errors/mongo-error';
import { checkApi } from './api-version';
import type { Command } from './command';
import { checkReadConcern, checkWriteConcern } from './concerns';

/** @throws MongoError when MongoDB refuses the option, or when the gateway cannot honour it */
type Check = (command: Command, value: unknown, name: string) => void;

const UNKNOWN_FIELD = 40_415;
const OUT_OF_RANGE = 51_024;
const HINT_REQUIRED = 51_173;
const LONGEST_TIME_LIMIT_MS = 2 ** 31 - 1;

/**
 * The options of a command that the engine would ignore or take for something else. Each is honoured, or refused with MongoDB's
 * code. Options that only the engine judges are not listed. The usual fields of reads and writes are never decoded for this.
 * @throws MongoError
 */
export function checkOptions(command: Command): void {
  const known = ALL_FIELDS[command.name];
  for (const element of command.options) {
    const { name } = element;
    const check = own(GENERIC, name) ?? own(CHECKS[command.name] ?? {}, name);
    if (check) check(command, valueOf(command.request.body, element), name);
    else if (known && !known.has(name) && !isGeneric(name)) throw unknownField(command, name);
  }
  checkApi(command);
}

/** Names come from clients, and `constructor` is a name too. */
const own = <T>(of: Readonly<Record<string, T>>, name: string): T | undefined =>
  Object.hasOwn(of, name) ? of[name] : undefined;
const isGeneric = (name: string) => name.startsWith('$') || name === 'comment' || name === 'maxTimeMS';
const unknownField = ({ name }: Command, field: string) =>
  new MongoError(UNKNOWN_FIELD, `BSON field '${name}.${field}' is an unknown field.`);

const refuseUnknown: Check = (command, _value, field) => {
  throw unknownField(command, field);
};

const notNegative: Check = ({ name: command }, value, name) => {
  if (typeof value !== 'number' || value >= 0) return;
  throw new MongoError(
    OUT_OF_RANGE,
    `BSON field '${command}.${name}' value must be greater than or equal to 0, actual value '${value}'`,
  );
};

const isBoolean: Check = ({ name: command }, value, name) => {
  if (typeof value === 'boolean') return;
  throw MongoError.of('TypeMismatch', `BSON field '${command}.${name}' is the wrong type, expected type 'bool'`);
};

const timeLimit: Check = (_command, value) => {
  // A value of no number at all was refused with the envelope.
  const limit = Number(value);
  if (!Number.isInteger(limit)) throw MongoError.of('BadValue', 'maxTimeMS has non-integral value');
  if (limit >= 0 && limit <= LONGEST_TIME_LIMIT_MS) return;
  throw MongoError.of('BadValue', `${limit} value for maxTimeMS is out of range [0, ${LONGEST_TIME_LIMIT_MS}]`);
};

/** The engine has no bounds of an index to start and end at. */
const indexBound: Check = (command, value, name) => {
  if (value && typeof value === 'object' && Object.keys(value).length === 0) return;
  if (command.options.some((option) => option.name === 'hint')) {
    throw MongoError.of('CommandNotSupported', `find.${name} is not supported: use $gte and $lt in the filter`);
  }
  throw new MongoError(HINT_REQUIRED, 'When using min()/max() a hint of which index to use must be provided');
};

const tailable: Check = (_command, value) => {
  if (value !== true) return;
  throw MongoError.of(
    'BadValue',
    'error processing query: tailable cursor requested on non capped collection (no collection is capped here)',
  );
};

const awaitData: Check = ({ options }, value) => {
  if (value !== true || options.some(({ name }) => name === 'tailable')) return;
  throw MongoError.of('FailedToParse', "Cannot set 'awaitData' without also setting 'tailable'");
};

const expiry: Check = ({ options }) => {
  if (options.some(({ name }) => name === 'timeseries' || name === 'clusteredIndex')) return;
  throw MongoError.of(
    'InvalidOptions',
    "'expireAfterSeconds' is only supported on time-series collections or when the 'clusteredIndex' option is specified",
  );
};

const ofCapped: Check = ({ options }) => {
  if (options.some(({ name }) => name === 'capped')) return;
  throw MongoError.of(
    'InvalidOptions',
    "the 'capped' field needs to be true when either the 'size' or 'max' fields are present",
  );
};

/** The simple collation is none, and the engine need not hear of it. */
const collation: Check = (command, value) => {
  if ((value as { locale?: unknown } | null)?.locale !== 'simple') return;
  command.replaceBody(withoutElements(command.body, (field) => field === 'collation'));
};

/** What any command may carry. */
const GENERIC: Readonly<Record<string, Check>> = {
  readConcern: checkReadConcern,
  writeConcern: checkWriteConcern,
  maxTimeMS: timeLimit,
};

/** Options of one command that the engine does not judge as MongoDB does. */
const CHECKS: Readonly<Record<string, Readonly<Record<string, Check>>>> = {
  find: {
    min: indexBound,
    max: indexBound,
    tailable,
    awaitData,
    limit: notNegative,
    skip: notNegative,
    batchSize: notNegative,
    allowDiskUse: isBoolean,
    noCursorTimeout: isBoolean,
    allowPartialResults: isBoolean,
    snapshot: refuseUnknown,
    ntoreturn: refuseUnknown,
  },
  getMore: { batchSize: notNegative },
  distinct: { collation },
  findAndModify: { collation },
  findandmodify: { collation },
  create: { collation, expireAfterSeconds: expiry, size: ofCapped, max: ofCapped },
};

const API = ['apiVersion', 'apiStrict', 'apiDeprecationErrors'];
const fieldsOf = (...names: string[]): ReadonlySet<string> =>
  new Set([...API, 'readConcern', 'writeConcern', ...names]);

/** All fields of the commands whose fields nobody else checks. */
const ALL_FIELDS: Readonly<Record<string, ReadonlySet<string>>> = {
  drop: fieldsOf('collectionUUID'),
  dropDatabase: fieldsOf(),
  renameCollection: fieldsOf('to', 'dropTarget', 'collectionUUID'),
  killCursors: fieldsOf('cursors'),
  getMore: fieldsOf('batchSize', 'term', 'lastKnownCommittedOpTime', 'includeQueryStatsMetrics'),
  collStats: fieldsOf('scale', 'waitForLock', 'queryExecStats', 'latencyStats'),
  dbStats: fieldsOf('scale', 'freeStorage'),
  commitTransaction: fieldsOf('recoveryToken'),
  abortTransaction: fieldsOf('recoveryToken'),
  bulkWrite: fieldsOf(
    'ops',
    'nsInfo',
    'errorsOnly',
    'bypassDocumentValidation',
    'bypassEmptyTsReplacement',
    'let',
    'stmtId',
    'stmtIds',
  ),
};
