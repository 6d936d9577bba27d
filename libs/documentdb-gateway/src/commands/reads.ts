import { serialize } from 'bson';
import { decodeExact } from '../bson/decode';
import { MongoError } from '../errors/mongo-error';
import { bsonOf, type Session } from '../postgres/session';
import type { CursorHome } from '../cursors/cursor-store';
import { collatedDistinct } from './collated-distinct';
import { explainOf } from './explain';
import { mendedPipeline } from './pipelines';
import { decode } from '../bson/decode';
import type { Command, Handler } from './command';
import { withOwnDocuments } from './current-operations';
import { scoredFind } from './text-scores';
import { cursorIdOf, documentsIn, listIn } from './fields';

/** The engine's function behind each command that opens a cursor. */
const FIRST_PAGE: Record<string, string> = {
  find: 'find_cursor_first_page',
  aggregate: 'aggregate_cursor_first_page',
  listCollections: 'list_collections_cursor_first_page',
  listIndexes: 'list_indexes_cursor_first_page',
};

export const reads: Record<string, Handler> = {
  find: async (command) => {
    const scored = scoredFind(command);
    if (!scored) return firstPageOf(command);
    command.replaceBody(scored);
    return firstPageOf(command, 'aggregate');
  },
  aggregate: async (command) => {
    if (command.options.some(({ name }) => name === 'explain') && command.document.explain === true) {
      return explainOf(command, command.document);
    }
    if (command.inTransaction) refuseInTransaction(documentsIn(command.document, 'pipeline'));
    const own = withOwnDocuments(command);
    if (own) command.replaceBody(own);
    const mended = own ? null : mendedPipeline(command);
    if (mended) command.replaceBody(mended);
    return firstPageOf(command);
  },
  listCollections: async (command) => withListedName(await firstPageOf(command)),
  listIndexes: async (command) => portable(await firstPageOf(command)),
  count: (command) => single(command, 'count_query'),
  distinct: async (command) => (await collatedDistinct(command)) ?? single(command, 'distinct_query'),
  getMore: async (command) => {
    const { getMore, collection } = command.document;
    if (typeof collection !== 'string') throw MongoError.of('TypeMismatch', 'getMore needs the name of a collection');
    return command.gateway.cursors.more(cursorIdOf(getMore, 'getMore'), collection, command);
  },
  killCursors: async (command) => {
    const ids = listIn(command.document, 'cursors');
    const outcome = { cursorsKilled: [] as unknown[], cursorsNotFound: [] as unknown[] };
    for (const id of ids) {
      const killed = command.gateway.cursors.kill(cursorIdOf(id, 'cursors'));
      (killed ? outcome.cursorsKilled : outcome.cursorsNotFound).push(id);
    }
    return { ...outcome, cursorsAlive: [], cursorsUnknown: [], ok: 1 };
  },
};

/** @throws MongoError OperationNotSupportedInTransaction for a pipeline that ends in another collection */
function refuseInTransaction(stages: Record<string, unknown>[]): void {
  const writing = stages.flatMap((stage) => Object.keys(stage)).find((name) => name === '$out' || name === '$merge');
  if (writing) throw MongoError.of('OperationNotSupportedInTransaction', `${writing} cannot be used in a transaction`);
}

/** Without what only the engine knows: a dump of the indexes restores into a MongoDB. */
function portable(reply: Buffer): Buffer {
  if (!reply.includes('storageEngine')) return reply;
  const { cursor, ...rest } = decodeExact(reply) as unknown as {
    cursor: { firstBatch: Record<string, unknown>[] };
  };
  const firstBatch = cursor.firstBatch.map(({ storageEngine: _own, ...index }) => index);
  return Buffer.from(serialize({ cursor: { ...cursor, firstBatch }, ...rest }));
}

/** Most cursors continue anywhere. Some leave a portal in their session, which then stays with the cursor. */
async function firstPageOf(command: Command, as = command.name): Promise<Buffer> {
  return command.run(async (session) => {
    const { page, continuation, needsSession, id } = await firstPage(command, session, as);
    if (continuation === null) return page;
    const home: CursorHome = command.inTransaction
      ? { kind: 'transaction' }
      : needsSession
        ? { kind: 'held', session }
        : { kind: 'anywhere' };
    try {
      command.gateway.cursors.add(id, command, collectionOf(page), continuation, home);
    } catch (error) {
      await session.closePortals();
      throw error;
    }
    return page;
  });
}

/** The collection in the namespace that the reply itself gives its cursor: what the client names when it reads on. */
function collectionOf(page: Buffer): string {
  const { cursor } = decode(page) as { cursor: { ns: string } };
  return listed(cursor.ns.slice(cursor.ns.indexOf('.') + 1));
}

const ENGINES_LIST = '$cmd.ListCollections';
const LIST = '$cmd.listCollections';
const listed = (collection: string): string => (collection === ENGINES_LIST ? LIST : collection);

/** The engine's name for the cursor of `listCollections`, as MongoDB writes it: of the same length. */
function withListedName(reply: Buffer): Buffer {
  const at = reply.indexOf(ENGINES_LIST);
  if (at >= 0) reply.write(LIST, at, 'latin1');
  return reply;
}

interface FirstPage {
  page: Buffer;
  continuation: Buffer | null;
  needsSession: boolean;
  id: bigint;
}

async function firstPage(command: Command, session: Session, as: string): Promise<FirstPage> {
  const id = command.gateway.cursors.newId();
  const [row] = await session.query(
    as,
    `select cursorpage::text as page, continuation::text as continuation, persistconnection as held
       from documentdb_api.${FIRST_PAGE[as]}($1, $2::bytea::documentdb_core.bson, $3)`,
    [command.db, command.body, id],
  );
  const continuation = row!.continuation === null ? null : bsonOf(row!.continuation);
  return { page: bsonOf(row!.page), continuation, needsSession: continuation !== null && row!.held === true, id };
}

async function single(command: Command, engineFunction: string): Promise<Buffer> {
  return command.run(async (session) => {
    const [row] = await session.query(
      command.name,
      `select document::text as document from documentdb_api.${engineFunction}($1, $2::bytea::documentdb_core.bson)`,
      [command.db, command.body],
    );
    return bsonOf(row!.document);
  });
}
