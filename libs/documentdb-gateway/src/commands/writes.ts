import { serialize } from 'bson';
import { splitDocuments } from '../bson/raw-document';
import { CODES, MongoError } from '../errors/mongo-error';
import { codeOfSqlState, unpackSqlState } from '../errors/postgres-errors';
import { bsonOf, type Session } from '../postgres/database';
import { decode } from '../wire/message';
import type { Command, Handler } from './command';
import { describeDuplicate } from './duplicate-key';

type Kind = 'insert' | 'update' | 'delete';
interface WriteError extends Record<string, unknown> {
  index: number;
  code: number;
  errmsg: string;
}

const STATEMENTS_FIELD: Record<Kind, string> = { insert: 'documents', update: 'updates', delete: 'deletes' };

/** insert, update, delete: the client's BSON goes to the engine as it is, and the engine's reply back as it is. */
export const writes: Record<Kind, Handler> = {
  insert: (command) => write(command, 'insert'),
  update: (command) => write(command, 'update'),
  delete: (command) => write(command, 'delete'),
};

/** `findAndModify` answers its own shape, and throws a duplicate key where the others list it. */
export const findAndModify: Handler = (command) =>
  once(command, (session, transactionId) => modify(command, session, transactionId));

async function modify(command: Command, session: Session, transactionId: string | null): Promise<Buffer> {
  try {
    const [row] = await session.query(
      'findAndModify',
      'select p_result::text as result from documentdb_api.find_and_modify($1, $2::bytea::documentdb_core.bson, $3)',
      [command.db, command.body, transactionId],
    );
    return bsonOf(row!.result);
  } catch (error) {
    throw await describeDuplicate(command, error, command.document.query, command.document.update);
  }
}

function write(command: Command, kind: Kind): Promise<Buffer> {
  command.collection();
  return once(command, (session, transactionId) => execute(command, kind, session, transactionId));
}

async function execute(command: Command, kind: Kind, session: Session, transactionId: string | null): Promise<Buffer> {
  const { sequence } = command.request;
  const [row] = await session.query(
    kind,
    `select p_result::text as result, p_success as success
       from documentdb_api.${kind}($1, $2::bytea::documentdb_core.bson, $3::bytea::documentdb_core.bsonsequence, $4)`,
    [command.db, command.body, sequence?.documents ?? null, transactionId],
  );
  const result = bsonOf(row!.result);
  return row!.success === true ? result : explainErrors(command, kind, result);
}

/**
 * At most once per `lsid` and `txnNumber`, also when the client lost the reply and asks again. While the gateway runs it
 * remembers the last write of each session; the engine remembers single statements itself, by the id handed to it, in the
 * transaction that writes them, so a retry after the gateway died finds it there.
 */
function once(
  command: Command,
  work: (session: Session, transactionId: string | null) => Promise<Buffer>,
): Promise<Buffer> {
  const { lsid, txnNumber, inTransaction } = command;
  if (inTransaction || lsid === null || txnNumber === null) return command.run((session) => work(session, null));
  return command.gateway.sessions.retryable(lsid, txnNumber, () => {
    const transactionId = `${Buffer.from(lsid, 'latin1').toString('base64')}:${txnNumber}`;
    return command.run((session) => work(session, transactionId));
  });
}

async function explainErrors(command: Command, kind: Kind, result: Buffer): Promise<Buffer> {
  const reply = decode(result);
  const statements = statementsOf(command, kind);
  const errors = (reply.writeErrors ?? []) as WriteError[];
  if (command.inTransaction) throwConflict(errors);
  reply.writeErrors = await Promise.all(
    errors.map((error) => explainError(command, kind, error, statements[error.index])),
  );
  return Buffer.from(serialize(reply));
}

/** MongoDB fails the whole command when a transaction meets a conflict, so that the driver starts the transaction over. */
function throwConflict(errors: WriteError[]): void {
  const conflict = errors.find(({ code }) => codeOfSqlState(unpackSqlState(code)) === CODES.WriteConflict);
  if (!conflict) return;
  throw MongoError.of('WriteConflict', conflict.errmsg).withLabel('TransientTransactionError');
}

async function explainError(command: Command, kind: Kind, error: WriteError, statement: unknown): Promise<WriteError> {
  const explained = { ...error, code: codeOfSqlState(unpackSqlState(error.code)) };
  if (explained.code !== CODES.DuplicateKey) return explained;
  const { q, u } = (statement ?? {}) as { q?: unknown; u?: unknown };
  const duplicate =
    kind === 'insert'
      ? await describeDuplicate(command, duplicateOf(error), statement, {})
      : await describeDuplicate(command, duplicateOf(error), q, u);
  return { ...explained, errmsg: duplicate.message, ...duplicate.more };
}

const duplicateOf = ({ errmsg }: WriteError) => Object.assign(new Error(errmsg), { code: '23505' });

function statementsOf(command: Command, kind: Kind): unknown[] {
  const { sequence } = command.request;
  if (sequence) return splitDocuments(sequence.documents).map((document) => decode(document));
  return command.document[STATEMENTS_FIELD[kind]] as unknown[];
}
