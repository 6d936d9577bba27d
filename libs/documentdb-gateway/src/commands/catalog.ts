import { Double, EJSON, serialize } from 'bson';
import { CODES, MongoError } from '../errors/mongo-error';
import { bsonOf, type Session } from '../postgres/session';
import { decode } from '../bson/decode';
import { mendedStages } from './pipelines';
import type { Command, Handler } from './command';
import { documentsIn, numberOf } from './fields';

type Fields = Record<string, unknown>;

/** Databases, collections and indexes. */
export const catalog: Record<string, Handler> = {
  create: (command) =>
    command.run(async (session) => {
      const spec = creatable(decode(command.body));
      const existing = await optionsOf(session, command.db, command.collection());
      if (existing) {
        // Asked for again as it is, a collection is there as asked for.
        if (isSame(existing, withoutName(spec))) return { ok: 1 };
        throw MongoError.of(
          'NamespaceExists',
          `namespace ${command.namespace()} already exists, but with different options`,
        );
      }
      await requireQuery(session, command, spec.validator);
      return one(
        session,
        'create',
        'select documentdb_api.create_collection_view($1, $2::bytea::documentdb_core.bson)::text as result',
        [command.db, Buffer.from(serialize(spec))],
      );
    }),
  drop: (command) =>
    command.run(async (session) => {
      const [row] = await session.query('indexCount', INDEX_COUNT, [command.db, command.collection()]);
      command.gateway.cursors.collectionGone(command.db, command.target);
      if (!row) return { ok: 1 };
      await session.query('drop', 'select documentdb_api.drop_collection($1, $2)', [command.db, command.target]);
      return { nIndexesWas: Number(row.count), ns: command.namespace(), ok: 1 };
    }),
  dropDatabase: (command) =>
    command.run(async (session) => {
      command.gateway.cursors.collectionGone(command.db);
      await session.query('dropDatabase', 'select documentdb_api.drop_database($1)', [command.db]);
      return { dropped: command.db, ok: 1 };
    }),
  createIndexes: async (command) => {
    if (command.inTransaction) await refuseOnCommitted(command);
    return command.run((session) =>
      one(
        session,
        'createIndexes',
        'select documentdb_api_internal.create_indexes_non_concurrently($1, $2::bytea::documentdb_core.bson, true)::text as result',
        [command.db, command.body],
      ).then(unwrapIndexReply),
    );
  },
  dropIndexes: (command) =>
    command.run((session) =>
      one(session, 'dropIndexes', 'call documentdb_api.drop_indexes($1, $2::bytea::documentdb_core.bson, null)', [
        command.db,
        command.body,
      ]).then((reply) => ({ ...decode(reply), ok: 1 })),
    ),
  renameCollection: (command) =>
    command.run((session) => {
      const [db, from, to] = renamed(command);
      command.gateway.cursors.collectionGone(db, from);
      return session
        .query('rename', 'select documentdb_api.rename_collection($1, $2, $3, $4::boolean)', [
          db,
          from,
          to,
          String(command.document.dropTarget === true),
        ])
        .then(() => ({ ok: 1 }));
    }),
  collMod: (command) =>
    command.run(async (session) => {
      if (command.body.includes('validator')) await requireQuery(session, command, decode(command.body).validator);
      return one(
        session,
        'collMod',
        'select documentdb_api.coll_mod($1, $2, $3::bytea::documentdb_core.bson)::text as result',
        [command.db, command.collection(), command.body],
      );
    }),
  listDatabases: (command) =>
    command.run(async (session) => {
      const reply = await one(
        session,
        'listDatabases',
        'select documentdb_api.list_databases($1::bytea::documentdb_core.bson)::text as result',
        [command.body],
      );
      const { databases, ...rest } = decode(reply) as { databases: Fields[] } & Fields;
      if (command.document.nameOnly === true) return { databases, ...rest };
      const sizes = new Map((await session.query('sizes', SIZES, [])).map(({ name, size }) => [name, Number(size)]));
      const sized = databases.map((database) => sizedAs(database, sizes.get(database.name) ?? 0));
      const totalSize = sized.reduce((total, { sizeOnDisk }) => total + sizeOnDisk, 0);
      return {
        databases: sized.map((database) => ({ ...database, sizeOnDisk: new Double(database.sizeOnDisk) })),
        totalSize: new Double(totalSize),
        totalSizeMb: new Double(Math.floor(totalSize / 2 ** 20)),
        ok: 1,
      };
    }),
  collStats: (command) =>
    command.run((session) =>
      one(session, 'collStats', 'select documentdb_api.coll_stats($1, $2, $3)::text as result', [
        command.db,
        command.collection(),
        numberOf(command.document.scale) ?? 1,
      ]),
    ),
  dbStats: (command) =>
    command.run((session) =>
      one(session, 'dbStats', 'select documentdb_api.db_stats($1, $2)::text as result', [
        command.db,
        numberOf(command.document.scale) ?? 1,
      ]),
    ),
  validate: (command) =>
    command.run((session) =>
      one(
        session,
        'validate',
        'select document::text as result from documentdb_api.validate($1, $2::bytea::documentdb_core.bson)',
        [command.db, command.body],
      ),
    ),
};

const FIND_PAGE = 'select 1 from documentdb_api.find_cursor_first_page($1, $2::bytea::documentdb_core.bson, 0)';
const EXISTS = 'select 1 from documentdb_api_catalog.collections where database_name = $1 and collection_name = $2';
const INDEX_COUNT = `
  select (select count(*) from documentdb_api_catalog.collection_indexes i where i.collection_id = c.collection_id) as count
    from documentdb_api_catalog.collections c where database_name = $1 and collection_name = $2`;
/** Bytes of each database's tables, their indexes included. */
const SIZES = `
  select database_name as name,
         sum(coalesce(pg_total_relation_size(to_regclass('documentdb_data.documents_' || collection_id)), 0)) as size
    from documentdb_api_catalog.collections group by database_name`;

const sizedAs = (database: Fields, sizeOnDisk: number) => ({ ...database, sizeOnDisk, empty: sizeOnDisk === 0 });

/**
 * Lets the engine read a validator as a query. It would keep any document as one, and then fail each write of the collection, or
 * even end while it reads it.
 * @throws the engine's error of a query
 */
async function requireQuery(session: Session, { db, target }: Command, validator: unknown): Promise<void> {
  if (typeof validator !== 'object' || validator === null || Array.isArray(validator)) return;
  const find = { find: target, filter: validator, limit: 1, singleBatch: true };
  await session.query('requireQuery', FIND_PAGE, [db, Buffer.from(serialize(find))]);
}

/** The options that a collection or view was made with; null when there is none. */
export async function optionsOf(session: Session, db: string, collection: string): Promise<Fields | null> {
  const [row] = await session.query(
    'optionsOf',
    'select cursorpage::text as page from documentdb_api.list_collections_cursor_first_page($1, $2::bytea::documentdb_core.bson, 0)',
    [db, Buffer.from(serialize({ listCollections: 1, filter: { name: collection } }))],
  );
  const { cursor } = decode(bsonOf(row!.page)) as unknown as { cursor: { firstBatch: { options?: Fields }[] } };
  const [found] = cursor.firstBatch;
  return found ? (found.options ?? {}) : null;
}

const withoutName = ({ create: _name, ...options }: Fields): Fields => options;
const isSame = (one: Fields, other: Fields) => EJSON.stringify(sorted(one)) === EJSON.stringify(sorted(other));
const sorted = (fields: Fields) =>
  Object.fromEntries(Object.entries({ ...defaultsOf(fields), ...fields }).sort(([a], [b]) => (a < b ? -1 : 1)));
const defaultsOf = ({ validator }: Fields) =>
  validator === undefined ? {} : { validationLevel: 'strict', validationAction: 'error' };

/**
 * MongoDB makes indexes in a transaction only on a collection that the same transaction made. One that others can see is not.
 * @throws MongoError OperationNotSupportedInTransaction, unless the indexes are there already
 */
async function refuseOnCommitted(command: Command): Promise<void> {
  const names = await command.runAlone(async (session) => {
    const [row] = await session.query('exists', EXISTS, [command.db, command.collection()]);
    return row ? (await indexesOf(session, command.db, command.target)).map(({ name }) => name) : null;
  });
  if (names === null) return;
  if (documentsIn(command.document, 'indexes').every(({ name }) => names.includes(String(name)))) return;
  throw MongoError.of(
    'OperationNotSupportedInTransaction',
    `Cannot create new indexes on existing collection ${command.namespace()} in a multi-document transaction.`,
  );
}

/** The indexes of a collection: name and keys. */
export async function indexesOf(
  session: Session,
  db: string,
  collection: string,
): Promise<{ name: string; key: Fields }[]> {
  const [row] = await session.query(
    'indexesOf',
    'select cursorpage::text as page from documentdb_api.list_indexes_cursor_first_page($1, $2::bytea::documentdb_core.bson, 0)',
    [db, Buffer.from(serialize({ listIndexes: collection, cursor: { batchSize: 1000 } }))],
  );
  const { cursor } = decode(bsonOf(row!.page)) as unknown as {
    cursor: { firstBatch: { name: string; key: Fields }[] };
  };
  return cursor.firstBatch;
}

async function one(
  session: Session,
  name: string,
  text: string,
  values: (string | number | Buffer)[],
): Promise<Buffer> {
  const [row] = await session.query(name, text, values);
  return bsonOf(row!.result ?? row!.retval);
}

/** The engine wraps the reply of an index build per shard: `{ raw: { defaultShard: {...} }, ok }`. */
function unwrapIndexReply(reply: Buffer): Fields {
  const { raw, ...rest } = decode(reply) as { raw?: Record<string, Fields> } & Fields;
  const inner = Object.values(raw ?? {})[0];
  const outcome = inner ?? rest;
  if (outcome.ok === 0 || outcome.errmsg) {
    throw new MongoError(numberOf(outcome.code) ?? CODES.CannotCreateIndex, String(outcome.errmsg));
  }
  return { ...outcome, ok: 1 };
}

/** Options of `create` that the engine has no use for are dropped; what would change results is left to its error. */
function creatable({
  writeConcern: _writeConcern,
  indexOptionDefaults: _defaults,
  storageEngine: _engine,
  ...spec
}: Fields): Fields {
  return Array.isArray(spec.pipeline) ? { ...spec, pipeline: mendedStages(spec.pipeline) } : spec;
}

function renamed(command: Command): [db: string, from: string, to: string] {
  const split = (namespace: unknown) => {
    const text = typeof namespace === 'string' ? namespace : '';
    const dot = text.indexOf('.');
    if (dot < 1 || dot === text.length - 1)
      throw MongoError.of('InvalidNamespace', 'a namespace is "database.collection"');
    return [text.slice(0, dot), text.slice(dot + 1)] as const;
  };
  const [fromDb, from] = split(command.document.renameCollection);
  const [toDb, to] = split(command.document.to);
  if (fromDb !== toDb)
    throw MongoError.of('CommandNotSupported', 'a collection cannot be renamed into another database');
  return [fromDb, from, to];
}
