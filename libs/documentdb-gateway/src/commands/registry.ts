import { MongoError } from '../errors/mongo-error';
import { fromPostgres } from '../errors/postgres-errors';
import { catalog } from './catalog';
import type { Command, Handler } from './command';
import { announceCommands, diagnostics } from './diagnostics';
import { explain } from './explain';
import { handshake } from './handshake';
import { reads } from './reads';
import { sessionCommands } from './session-commands';
import { findAndModify, writes } from './writes';

const HANDLERS = new Map<string, Handler>(
  Object.entries({
    ...handshake,
    ...diagnostics,
    explain,
    ...writes,
    findAndModify,
    findandmodify: findAndModify,
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
  'create',
  'createIndexes',
  'commitTransaction',
  'abortTransaction',
]);

/** Answers one command; an error becomes a reply and never leaves as an exception. */
export async function answer(command: Command): Promise<Buffer | Record<string, unknown>> {
  const endWatch = command.watchTime();
  try {
    command.requireEnvelope();
    const handler = HANDLERS.get(command.name);
    if (!handler) throw MongoError.of('CommandNotFound', `no such command: '${command.name}'`);
    if (command.inTransaction && !IN_TRANSACTIONS.has(command.name)) {
      throw MongoError.of(
        'OperationNotSupportedInTransaction',
        `Cannot run '${command.name}' in a multi-document transaction.`,
      );
    }
    return await handler(command);
  } catch (error) {
    return fromPostgres(error, command.inTransaction).toReply();
  } finally {
    endWatch();
  }
}
