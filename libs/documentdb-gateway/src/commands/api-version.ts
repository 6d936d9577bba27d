import { MongoError } from '../errors/mongo-error';
import type { Command } from './command';
import { listIn } from './fields';

type Fields = Record<string, unknown>;

const STRICT_WITHOUT_VERSION = 4_886_600;
const API_FIELDS = new Set(['apiVersion', 'apiStrict', 'apiDeprecationErrors']);

/** @see https://www.mongodb.com/docs/manual/reference/stable-api/ */
const COMMANDS_OF_V1 = new Set([
  'abortTransaction',
  'aggregate',
  'bulkWrite',
  'collMod',
  'commitTransaction',
  'count',
  'create',
  'createIndexes',
  'delete',
  'drop',
  'dropDatabase',
  'dropIndexes',
  'endSessions',
  'explain',
  'find',
  'findAndModify',
  'getMore',
  'hello',
  'insert',
  'killCursors',
  'listCollections',
  'listDatabases',
  'listIndexes',
  'ping',
  'refreshSessions',
  'saslStart',
  'saslContinue',
  'update',
]);
const FIELDS_OUTSIDE_V1: Readonly<Record<string, readonly string[]>> = {
  find: ['awaitData', 'max', 'min', 'noCursorTimeout', 'oplogReplay', 'returnKey', 'showRecordId', 'tailable'],
  create: ['autoIndexId', 'capped', 'indexOptionDefaults', 'max', 'size', 'storageEngine'],
};
const STAGES_OUTSIDE_V1 = new Set([
  '$currentOp',
  '$indexStats',
  '$listLocalSessions',
  '$listSessions',
  '$planCacheStats',
  '$search',
  '$searchMeta',
]);

/**
 * The Stable API: version 1 is served, and `apiStrict` keeps a client to it.
 * @throws MongoError APIVersionError, APIStrictError, 4886600, TypeMismatch
 */
export function checkApi(command: Command): void {
  if (!command.options.some(({ name }) => API_FIELDS.has(name))) return;
  const { apiVersion, apiStrict, apiDeprecationErrors } = command.document;
  requireType('apiVersion', apiVersion, 'string');
  requireType('apiStrict', apiStrict, 'boolean');
  requireType('apiDeprecationErrors', apiDeprecationErrors, 'boolean');
  if (apiVersion === undefined) {
    throw new MongoError(
      STRICT_WITHOUT_VERSION,
      'Provided apiStrict and/or apiDeprecationErrors without passing apiVersion',
    );
  }
  if (apiVersion !== '1') throw MongoError.of('APIVersionError', 'API version must be "1"');
  if (apiStrict === true) checkStrict(command);
}

function checkStrict({ name, document, options }: Command): void {
  const refuse = (what: string) =>
    MongoError.of('APIStrictError', `Provided apiStrict:true, but ${what} is not in API Version 1`);
  if (!COMMANDS_OF_V1.has(name)) throw refuse(`the command ${name}`);
  const field = FIELDS_OUTSIDE_V1[name]?.find((outside) => options.some((option) => option.name === outside));
  if (field !== undefined) throw refuse(`the field '${field}' of ${name}`);
  if (name !== 'aggregate') return;
  for (const stage of listIn(document, 'pipeline')) {
    const [stageName = ''] = Object.keys((stage ?? {}) as Fields);
    if (STAGES_OUTSIDE_V1.has(stageName)) throw refuse(`the stage ${stageName}`);
    const collStats = (stage as Fields | null)?.$collStats;
    if (collStats && Object.keys(collStats).some((part) => part !== 'count'))
      throw refuse('$collStats but for its count');
  }
}

function requireType(name: string, value: unknown, expected: 'string' | 'boolean'): void {
  if (value === undefined || typeof value === expected) return;
  const type = expected === 'boolean' ? 'bool' : expected;
  throw MongoError.of('TypeMismatch', `BSON field '${name}' is the wrong type, expected type '${type}'`);
}
