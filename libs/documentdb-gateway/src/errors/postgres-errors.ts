import { BSONError } from 'bson';
import { decode } from '../bson/decode';
import { ENGINE_CODES } from './engine-codes';
import { CODES, MongoError } from './mongo-error';
import { DUPLICATES_RAISED, TRANSACTION_TOO_OLD, UNIQUE_VIOLATIONS, unpackSqlState, WRITERS_MET } from './sql-states';

/** Errors of PostgreSQL's own that a client's command can cause, by their state or its class. */
const CODE_OF_STATE: Readonly<Record<string, number>> = {
  '0A': CODES.CommandNotSupported,
  '22': CODES.BadValue,
  // Nested too deep for the parser's stack.
  '54001': CODES.Overflow,
  // The key of an index takes more than a third of a page.
  '54000': CODES.KeyTooLong,
  '53100': CODES.OutOfDiskSpace,
  '53200': CODES.ExceededMemoryLimit,
};
const UNRECOGNIZED_STAGE = 40_324;
const UNKNOWN_FIELD = 40_415;
const OUT_OF_RANGE = 51_024;

const CANCELLED = '57014';
const CONFLICTS = new Set(WRITERS_MET);

/** MongoDB's code for a SQLSTATE of the engine: `M` and four base-36 digits, or one of PostgreSQL's own. */
export function codeOfSqlState(sqlState: string): number {
  if (CONFLICTS.has(sqlState)) return CODES.WriteConflict;
  if (UNIQUE_VIOLATIONS.includes(sqlState)) return CODES.DuplicateKey;
  if (sqlState === TRANSACTION_TOO_OLD) return CODES.TransactionTooOld;
  if (sqlState === CANCELLED) return CODES.Interrupted;
  const code = sqlState.startsWith('M')
    ? ENGINE_CODES[parseInt(sqlState.slice(1), 36)]
    : (CODE_OF_STATE[sqlState] ?? CODE_OF_STATE[sqlState.slice(0, 2)]);
  return code ?? CODES.InternalError;
}

/** Whether a statement that fails like this met another's: outside a transaction it may simply be sent again. */
export function isConflict(error: unknown): boolean {
  if (error instanceof MongoError) return error.code === CODES.WriteConflict;
  const { code } = error as { code?: unknown };
  return (typeof code === 'string' && CONFLICTS.has(code)) || isCatalogRace(error);
}

/** A statement of a write that met a duplicate key: its place among them, and the engine's words. */
export interface Duplicate {
  index: number;
  message: string;
}

/** The duplicate keys that a write was raised with, and so did nothing; null for any other error. */
export function duplicatesRaised(error: unknown): Duplicate[] | null {
  const { code, message = '' } = error as PostgresError;
  if (typeof code !== 'string') return null;
  if (codeOfSqlState(code) === CODES.DuplicateKey && !isCatalogRace(error)) return [{ index: 0, message }];
  if (code !== DUPLICATES_RAISED) return null;
  const { writeErrors } = decode(Buffer.from(message.slice('BSONHEX'.length), 'hex')) as {
    writeErrors: { index: number; code: number; errmsg: string }[];
  };
  return writeErrors
    .filter(({ code }) => codeOfSqlState(unpackSqlState(code)) === CODES.DuplicateKey)
    .map(({ index, errmsg }) => ({ index, message: errmsg }));
}

interface PostgresError {
  code?: unknown;
  message?: string;
  schema?: string;
}

/** Things of the catalogue that another session has just made, by SQLSTATE: a schema, a table, another thing. */
const MADE_MEANWHILE = new Set(['42P06', '42P07', '42710']);
const UNDEFINED_TABLE = '42P01';
const INTERNAL = 'XX000';
/** The engine's words when it makes a collection that another transaction has made since this one began. */
const COLLECTION_NOT_MADE = /^Unable to create (the specified|metadata database sentinel) collection/;

/** Whether two sessions changed the catalogue at once: both made one collection, or one dropped what the other was about to use. */
export function isCatalogRace(error: unknown): boolean {
  const { code, message = '', schema } = error as PostgresError;
  if (typeof code !== 'string') return false;
  if (MADE_MEANWHILE.has(code)) return true;
  if (UNIQUE_VIOLATIONS.includes(code)) return schema === 'pg_catalog' || schema === 'documentdb_api_catalog';
  if (code === UNDEFINED_TABLE) return message.includes('documentdb_data');
  if (COLLECTION_NOT_MADE.test(message)) return true;
  return (
    code === INTERNAL && /^(tuple concurrently|could not open relation with OID|cache lookup failed)/.test(message)
  );
}

/** Whether the engine itself says that the statement failed, and so that nothing of it happened. */
export function isRolledBack(error: unknown): boolean {
  const { code } = error as { code?: unknown };
  return typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) && !isLost(error);
}

/** Whether the connection to the engine is gone: what became of the statement is not known. */
export function isLost(error: unknown): boolean {
  const { code, message } = error as { code?: unknown; message?: string };
  if (typeof code === 'string') return /^(57P0[123]|08[0-9A-Z]{3}|E[A-Z]{4,})$/.test(code) || code === '53300';
  return /^(Connection terminated|Client has encountered a connection error|Client was closed)/.test(message ?? '');
}

/**
 * A failed statement as the client's driver expects it. What may be tried again carries the label that says so: inside a
 * transaction from its start, outside as the same write again.
 */
export function fromPostgres(error: unknown, inTransaction: boolean): MongoError {
  if (error instanceof MongoError) return error;
  const { code: sqlState, message } = error as { code?: string; message: string };
  if (isLost(error)) {
    const lost = MongoError.of('HostUnreachable', `the engine is not reachable: ${message}`);
    return lost.withLabel(inTransaction ? 'TransientTransactionError' : 'RetryableWriteError');
  }
  if (error instanceof BSONError) return MongoError.of('InvalidBSON', message);
  if (typeof sqlState !== 'string' || sqlState.length !== 5) return MongoError.of('InternalError', message);
  if (sqlState === CANCELLED && inTransaction) {
    return MongoError.of('NoSuchTransaction', 'the transaction has been aborted').withLabel(
      'TransientTransactionError',
    );
  }
  const mapped = isCatalogRace(error)
    ? MongoError.of('WriteConflict', `another client changed the same collection: ${message}`)
    : worded(codeOfSqlState(sqlState), message);
  if (mapped.code === CODES.WriteConflict && inTransaction) mapped.withLabel('TransientTransactionError');
  return mapped;
}

/** The engine's own codes and words where clients are known to look for MongoDB's. */
function worded(code: number, message: string): MongoError {
  if (code === CODES.DuplicateKey && message.startsWith('could not create')) {
    return new MongoError(code, 'E11000 duplicate key error: an index cannot be unique over the documents there are');
  }
  const stage = /^Pipeline stage name not recognized: (.*)$/.exec(message);
  if (stage) return new MongoError(UNRECOGNIZED_STAGE, `Unrecognized pipeline stage name: '${stage[1]}'`);
  const operator = /^Unrecognized operator specified: (.*)$/.exec(message);
  if (operator) return new MongoError(code, `unknown operator: ${operator[1]}`);
  const mixed = MIXED_PROJECTION.exec(message);
  if (mixed) {
    const [, what, field, kind] = mixed;
    return new MongoError(code, `Cannot do ${what} on field ${field} in ${kind} projection`);
  }
  if (message.startsWith('$listSearchIndexes')) {
    return MongoError.of(
      'SearchNotEnabled',
      'search indexes are a service of MongoDB Atlas, and are not supported here',
    );
  }
  const meant = MEANT.find(([words]) => words.test(message));
  if (meant && code === CODES.InternalError) return new MongoError(meant[1], message);
  if (UNKNOWN_FIELDS.test(message)) return new MongoError(UNKNOWN_FIELD, message);
  if (message.startsWith('BatchSize value must be non-negative')) return new MongoError(OUT_OF_RANGE, message);
  return new MongoError(code, message);
}

const MIXED_PROJECTION =
  /^(exclusion|inclusion) cannot be applied to field (.*) within the (inclusion|exclusion) projection\.?$/i;

/** What the engine calls an internal error though the client made it, and MongoDB's code for it. */
const MEANT: readonly (readonly [RegExp, number])[] = [
  [/^Sort direction value/, 15_975],
  [/^illegal boolean type value/i, CODES.InvalidBSON],
  [/\$mergeObjects needs both inputs/, 40_400],
  [/^Found unsupported limit/, CODES.BadValue],
];

/** How the engine says, in some commands under another code, that it does not know a field. */
const UNKNOWN_FIELDS = new RegExp(
  String.raw`^(\S+ is an unknown field|\S+ is not a recognized field|\S+ is an unrecognized field name|` +
    String.raw`The BSON field '\S+' is not recognized as a valid field\.)$`,
);
