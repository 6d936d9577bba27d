import { serialize } from 'bson';
import { withElements, withFields } from '../bson/append';
import { MongoError } from '../errors/mongo-error';
import { fromPostgres } from '../errors/postgres-errors';
import { catalog } from './catalog';
import type { Command, Handler } from './command';
import { unsatisfied } from './concerns';
import { currentOperations } from './current-operations';
import { bulkWrite } from './bulk-write';
import { announceCommands, diagnostics } from './diagnostics';
import { explain } from './explain';
import { handshake } from './handshake';
import { checkHints } from './hints';
import { checkOptions } from './options';
import { reads } from './reads';
import { dropSimpleCollations } from './simple-collation';
import { spellOutNumbers } from './json-schema';
import { sessionCommands } from './session-commands';
import { findAndModify, writes } from './writes';

const HANDLERS = new Map<string, Handler>(
  Object.entries({
    ...handshake,
    ...diagnostics,
    ...currentOperations,
    explain,
    ...writes,
    findAndModify,
    findandmodify: findAndModify,
    bulkWrite,
    ...reads,
    ...catalog,
    ...sessionCommands,
  }),
);

announceCommands([...HANDLERS.keys()]);

/** What MongoDB runs in a transaction. @see https://www.mongodb.com/docs/manual/core/transactions-operations/ */
const IN_TRANSACTIONS = new Set([
  'find',
  'aggregate',
  'distinct',
  'getMore',
  'killCursors',
  'insert',
  'update',
  'delete',
  'findAndModify',
  'findandmodify',
  'bulkWrite',
  'create',
  'createIndexes',
  'commitTransaction',
  'abortTransaction',
]);

/** Answers one command; an error becomes a reply and never leaves as an exception. */
export async function answer(command: Command): Promise<Buffer> {
  const { clock, counters, atWork, knownSessions } = command.gateway;
  counters.count(command);
  atWork.add(command);
  if (command.lsid !== null) knownSessions.used(command.lsid);
  const endWatch = command.watchTime();
  try {
    command.requireEnvelope();
    if (command.db.includes('\0'))
      throw MongoError.of('InvalidNamespace', 'a database name cannot contain a null byte');
    if (command.gossip) clock.hear(command.gossip);
    const handler = handlerOf(command);
    const reply = (await checkHints(command)) ?? (await handler(command));
    return timed(command, withWriteConcern(command, reply));
  } catch (error) {
    return timed(command, fromPostgres(error, command.inTransaction).toReply());
  } finally {
    endWatch();
    atWork.delete(command);
  }
}

/** @throws MongoError when the command is none, or may not be run so */
function handlerOf(command: Command): Handler {
  const handler = HANDLERS.get(command.name);
  if (!handler) throw MongoError.of('CommandNotFound', `no such command: '${command.name}'`);
  if (command.inTransaction && !IN_TRANSACTIONS.has(command.name)) {
    throw MongoError.of(
      'OperationNotSupportedInTransaction',
      `Cannot run '${command.name}' in a multi-document transaction.`,
    );
  }
  checkOptions(command);
  dropSimpleCollations(command);
  spellOutNumbers(command);
  return handler;
}

type Reply = Buffer | Record<string, unknown>;

function withWriteConcern(command: Command, reply: Reply): Reply {
  const writeConcernError = unsatisfied(command);
  if (!writeConcernError) return reply;
  return Buffer.isBuffer(reply) ? withFields(reply, { writeConcernError }) : { ...reply, writeConcernError };
}

/** The reply with the logical time of the operation. */
function timed({ gateway: { clock } }: Command, reply: Reply): Buffer {
  clock.tick();
  return withElements(Buffer.isBuffer(reply) ? reply : Buffer.from(serialize(reply)), clock.elements());
}
