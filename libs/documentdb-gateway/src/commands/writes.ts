import { EJSON, serialize } from 'bson';
import { elementsOf, takeOnlyDocument } from '../bson/raw-document';
import { CODES, MongoError } from '../errors/mongo-error';
import { codeOfSqlState } from '../errors/postgres-errors';
import { unpackSqlState } from '../errors/sql-states';
import { bsonOf, type Session } from '../postgres/session';
import { decode } from '../bson/decode';
import type { Command, Handler } from './command';
import { describeDuplicate, documentOf } from './duplicate-key';
import type { SingleInsert } from './insert-batcher';
import { describeInvalid } from './validation-error';
import { writeIdentity, type WriteIdentity } from './retryable';
import { sortRefused, STATEMENTS_FIELD, statementsOf, type Verb, type WriteVerb } from './statements';
import { retryingUpserts, type Written } from './upserts';

interface WriteError extends Record<string, unknown> {
  index: number;
  code: number;
  errmsg: string;
}

const SORT = Buffer.from('\x03sort\0', 'latin1');
const MOST_ERROR_TEXT = 1024 * 1024;
const DOCUMENT = 0x03;
const BOOLEAN = 0x08;
const INT32 = 0x10;

/** insert, update, delete: the client's BSON goes to the engine as it is, and the engine's reply back as it is. */
export const writes: Record<WriteVerb, Handler> = {
  insert: (command) => write(command, 'insert'),
  update: (command) => write(command, 'update'),
  delete: (command) => write(command, 'delete'),
};

/** `findAndModify` answers its own shape, and throws a duplicate key where the others list it. */
export const findAndModify: Handler = async (command) => {
  try {
    return withFound((await engineWrite(command, 'findAndModify')).result);
  } catch (error) {
    const { query, update } = command.document;
    const described = await describeDuplicate(command, error, query, update);
    if (described.code !== CODES.DocumentValidationFailure) throw described;
    const { _id: id } = await documentOf(command, query, update);
    throw new MongoError(described.code, described.message, await describeInvalid(command, id));
  }
};

/** The engine does not count a document that it found and had nothing to change in; MongoDB does. */
function withFound(reply: Buffer): Buffer {
  const fields = new Map([...elementsOf(reply)].map((element) => [element.name, element]));
  const outcome = fields.get('lastErrorObject');
  if (fields.get('value')?.type !== DOCUMENT || outcome?.type !== DOCUMENT) return reply;
  // A view of the reply's own bytes.
  const counts = reply.subarray(outcome.valueStart, outcome.end);
  const seen = new Map([...elementsOf(counts)].map((element) => [element.name, element]));
  const [n, updated] = [seen.get('n'), seen.get('updatedExisting')];
  if (n?.type !== INT32 || updated?.type !== BOOLEAN || seen.has('upserted')) return reply;
  counts.writeInt32LE(1, n.valueStart);
  counts[updated.valueStart] = 1;
  return reply;
}

function write(command: Command, kind: WriteVerb): Promise<Buffer> {
  command.collection();
  if (kind === 'update') refuseSort(command);
  const alone = async () => {
    const { result, success } = await engineWrite(command, kind);
    if (success) return result;
    await command.abortTransaction();
    return explainErrors(command, kind, result);
  };
  const single = kind === 'insert' ? singleInsert(command) : null;
  return single === null ? alone() : command.gateway.insertBatcher.insert(single, alone);
}

/** @throws MongoError for an update with a sort */
function refuseSort(command: Command): void {
  if (!command.body.includes(SORT) && !command.documentsBeside('updates')?.includes(SORT)) return;
  for (const { sort, multi } of statementsOf(command, 'update')) {
    if (sort === undefined) continue;
    throw sortRefused(multi === true);
  }
}

/** An insert that could share a statement with others: of one document, in no transaction, with no time limit of its own. */
function singleInsert(command: Command): SingleInsert | null {
  if (command.inTransaction || command.maxTimeMs !== null) return null;
  const taken = takeOnlyDocument(command.body, command.documentsBeside('documents'));
  return taken && { db: command.db, ...taken, identity: writeIdentity(command) };
}

/**
 * One write: directly, or, when the driver may send it again, through the gateway's own record of such writes. Outside a
 * transaction MongoDB never answers a conflict with another writer: it tries again itself, and so does this.
 */
function engineWrite(command: Command, verb: Verb): Promise<Written> {
  const identity = writeIdentity(command);
  const write = (raiseDuplicates: boolean) =>
    command.run(
      (session) =>
        identity
          ? recorded(command, verb, session, identity, raiseDuplicates)
          : unrecorded(command, verb, session, raiseDuplicates),
      () => wantedBy(command, verb),
    );
  return retryingUpserts(command, verb, write);
}

/** Statements that look for the same documents want the same locks. Inserts that meet another's mostly want different ones. */
function wantedBy(command: Command, verb: Verb): string {
  if (verb === 'insert') return `insert ${command.connectionId}`;
  const [first] = statementsOf(command, verb);
  return `${command.namespace()} ${EJSON.stringify(first?.[verb === 'findAndModify' ? 'query' : 'q'])}`;
}

async function unrecorded(command: Command, verb: Verb, session: Session, raiseDuplicates: boolean): Promise<Written> {
  const call =
    verb === 'findAndModify'
      ? 'find_and_modify($1, $2::bytea::documentdb_core.bson)'
      : `${verb}($1, $2::bytea::documentdb_core.bson, $4::bytea::documentdb_core.bsonsequence)`;
  const [row] = await session.query(
    verb,
    `select p_result::text as result, documentdb_gateway.unless_met(p_result, p_success, $3) as success from documentdb_api.${call}`,
    [
      command.db,
      command.body,
      String(raiseDuplicates),
      ...(verb === 'findAndModify' ? [] : [command.documentsBeside(STATEMENTS_FIELD[verb])]),
    ],
  );
  return { result: bsonOf(row!.result), success: row!.success === true };
}

async function recorded(
  command: Command,
  verb: Verb,
  session: Session,
  identity: WriteIdentity,
  raiseDuplicates: boolean,
): Promise<Written> {
  const [row] = await session.query(
    'writeOnce',
    `select result::text as result, success from documentdb_gateway.write_once($1, $2,
       $3::bytea::documentdb_core.bson, $4::bytea::documentdb_core.bsonsequence, $5::bytea, $6, $7, $8)`,
    [
      verb,
      command.db,
      command.body,
      verb === 'findAndModify' ? null : command.documentsBeside(STATEMENTS_FIELD[verb]),
      identity.session.id,
      identity.session.lock,
      identity.number,
      String(raiseDuplicates),
    ],
  );
  return { result: bsonOf(row!.result), success: row!.success === true };
}

/**
 * The reply with its write errors as MongoDB words them.
 * @throws MongoError WriteConflict in a transaction
 */
export async function explainErrors(command: Command, kind: WriteVerb, result: Buffer): Promise<Buffer> {
  const reply = decode(result);
  const statements = statementsOf(command, kind);
  const errors = (reply.writeErrors ?? []) as WriteError[];
  if (command.inTransaction) throwConflict(errors);
  const explained = await Promise.all(
    errors.map((error) => explainError(command, kind, error, statements[error.index])),
  );
  reply.writeErrors = shortened(explained);
  return Buffer.from(serialize(reply));
}

/** As on MongoDB: only the first errors have texts when there are so many that a reply would not hold them. */
function shortened(errors: WriteError[]): WriteError[] {
  let length = 0;
  return errors.map((error) => {
    length += error.errmsg.length;
    return length > MOST_ERROR_TEXT ? { ...error, errmsg: '' } : error;
  });
}

/** MongoDB fails the whole command when a transaction meets a conflict, so that the driver starts the transaction over. */
function throwConflict(errors: WriteError[]): void {
  const conflict = errors.find(({ code }) => codeOfSqlState(unpackSqlState(code)) === CODES.WriteConflict);
  if (!conflict) return;
  throw MongoError.of('WriteConflict', conflict.errmsg).withLabel('TransientTransactionError');
}

async function explainError(
  command: Command,
  kind: WriteVerb,
  error: WriteError,
  statement: unknown,
): Promise<WriteError> {
  const explained = { ...error, code: codeOfSqlState(unpackSqlState(error.code)) };
  if (explained.code === CODES.DocumentValidationFailure) {
    return { ...explained, ...(await describeInvalid(command, await failingId(command, kind, statement))) };
  }
  if (explained.code !== CODES.DuplicateKey) return explained;
  const { q, u } = (statement ?? {}) as { q?: unknown; u?: unknown };
  const duplicate =
    kind === 'insert'
      ? await describeDuplicate(command, duplicateOf(error), statement, null)
      : await describeDuplicate(command, duplicateOf(error), q, u);
  return { ...explained, errmsg: duplicate.message, ...duplicate.more };
}

/** The `_id` of the document that a statement would have written; undefined where it may be one of several. */
async function failingId(command: Command, kind: WriteVerb, statement: unknown): Promise<unknown> {
  if (kind === 'insert') return (statement as { _id?: unknown } | undefined)?._id;
  const { q, u, multi } = (statement ?? {}) as { q?: unknown; u?: unknown; multi?: unknown };
  if (multi === true) return undefined;
  return (await documentOf(command, q, u))._id ?? (q as { _id?: unknown } | undefined)?._id;
}

const duplicateOf = ({ errmsg }: WriteError) => Object.assign(new Error(errmsg), { code: '23505' });
