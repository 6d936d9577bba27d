import { CODES, MongoError } from '../errors/mongo-error';
import { fromPostgres } from '../errors/postgres-errors';
import type { Command } from './command';
import { indexesOf } from './catalog';

type Fields = Record<string, unknown>;

/**
 * MongoDB names the index, its keys and the values in the way: `E11000 duplicate key error collection: …`. The engine names
 * the index only; the rest is read from the index and from what the client sent.
 * @see https://www.mongodb.com/docs/manual/core/index-unique/
 */
export async function describeDuplicate(
  command: Command,
  error: unknown,
  filter: unknown,
  update: unknown,
): Promise<MongoError> {
  const known = fromPostgres(error, command.inTransaction);
  if (known.code !== CODES.DuplicateKey) return known;
  const index = await indexNameOf(command, known.message);
  const keyPattern = await keysOf(command, index);
  const values = valuesOf(filter, update);
  const keyValue = Object.fromEntries(Object.keys(keyPattern).map((path) => [path, pick(values, path)]));
  const shown = Object.entries(keyValue)
    .map(([path, value]) => `${path}: ${JSON.stringify(value) ?? 'null'}`)
    .join(', ');
  const message = `E11000 duplicate key error collection: ${command.namespace()} index: ${index} dup key: { ${shown} }`;
  return new MongoError(CODES.DuplicateKey, message, { keyPattern, keyValue });
}

/** The engine names the index as the client did, or by its own number. */
async function indexNameOf(command: Command, message: string): Promise<string> {
  const name = /Index '([^']+)'/.exec(message)?.[1];
  const number = /documents_rum_index_(\d+)/.exec(message)?.[1];
  if (name !== undefined || number === undefined) return name ?? '_id_';
  const [row] = await command.gateway.database.use((session) =>
    session.query(
      'indexName',
      'select (index_spec).index_name as name from documentdb_api_catalog.collection_indexes where index_id = $1',
      [number],
    ),
  );
  return String(row?.name ?? '_id_');
}

async function keysOf(command: Command, index: string): Promise<Fields> {
  if (index === '_id_') return { _id: 1 };
  const indexes = await command.gateway.database.use((session) => indexesOf(session, command.db, command.target));
  return indexes.find(({ name }) => name === index)?.key ?? {};
}

/** What the document would have held: equalities of the filter, then what the update sets. */
function valuesOf(filter: unknown, update: unknown): Fields {
  const set = (update ?? {}) as Record<string, Fields | undefined>;
  const replacement = Object.keys(set).some((key) => key.startsWith('$')) ? {} : (set as Fields);
  return { ...(filter as Fields), ...replacement, ...set.$setOnInsert, ...set.$set };
}

function pick(values: Fields, path: string): unknown {
  if (Object.hasOwn(values, path)) return values[path] ?? null;
  let current: unknown = values;
  for (const step of path.split('.')) current = (current as Fields | undefined | null)?.[step];
  return current ?? null;
}
