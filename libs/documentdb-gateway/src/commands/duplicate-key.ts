import { Long, ObjectId, serialize } from 'bson';
import { CODES, MongoError } from '../errors/mongo-error';
import { fromPostgres } from '../errors/postgres-errors';
import { bsonOf } from '../postgres/session';
import { decode } from '../bson/decode';
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
  const values = { ...(await documentOf(command, filter, update)), ...valuesOf(filter, update) };
  const keyValue = Object.fromEntries(Object.keys(keyPattern).map((path) => [path, pick(values, path)]));
  const shown = Object.entries(keyValue)
    .map(([path, value]) => `${path}: ${shellText(value)}`)
    .join(', ');
  const message = `E11000 duplicate key error collection: ${command.namespace()} index: ${index} dup key: { ${shown} }`;
  return new MongoError(CODES.DuplicateKey, message, { keyPattern, keyValue });
}

/** The engine names the index as the client did, or by its own number. */
async function indexNameOf(command: Command, message: string): Promise<string> {
  const name = /Index '([^']+)'/.exec(message)?.[1];
  const number = /documents_rum_index_(\d+)/.exec(message)?.[1];
  if (name !== undefined || number === undefined) return name ?? '_id_';
  const [row] = await command.runAlone((session) =>
    session.query(
      'indexName',
      'select (index_spec).index_name as name from documentdb_api_catalog.collection_indexes where index_id = $1',
      [number],
    ),
  );
  return String(row?.name ?? '_id_');
}

/** The keys of the index that an error of the engine names. */
export async function keysOfDuplicate(command: Command, message: string): Promise<Fields> {
  return keysOf(command, await indexNameOf(command, message));
}

async function keysOf(command: Command, index: string): Promise<Fields> {
  if (index === '_id_') return { _id: 1 };
  const indexes = await command.runAlone((session) => indexesOf(session, command.db, command.target));
  return indexes.find(({ name }) => name === index)?.key ?? {};
}

/** What the document would have held: equalities of the filter, then what the update sets. */
function valuesOf(filter: unknown, update: unknown): Fields {
  const set = (update ?? {}) as Record<string, Fields | undefined>;
  const replacement = Object.keys(set).some((key) => key.startsWith('$')) ? {} : (set as Fields);
  return { ...(filter as Fields), ...replacement, ...set.$setOnInsert, ...set.$set };
}

/** What an update found and would have changed; nothing for an insert. */
export async function documentOf(command: Command, filter: unknown, update: unknown): Promise<Fields> {
  if (update === null || update === undefined) return {};
  const find = Buffer.from(serialize({ find: command.target, filter, limit: 1, singleBatch: true }));
  const [row] = await command.runAlone((session) =>
    session.query(
      'duplicateOf',
      'select cursorpage::text as page from documentdb_api.find_cursor_first_page($1, $2::bytea::documentdb_core.bson, 0)',
      [command.db, find],
    ),
  );
  const { cursor } = decode(bsonOf(row!.page)) as unknown as { cursor: { firstBatch: Fields[] } };
  return cursor.firstBatch[0] ?? {};
}

/** A value as MongoDB writes it into the message. */
function shellText(value: unknown): string {
  if (value === null || value === undefined) return 'null';
  if (value instanceof ObjectId) return `ObjectId('${value.toHexString()}')`;
  if (value instanceof Date) return `new Date(${value.getTime()})`;
  if (Array.isArray(value)) return `[ ${value.map(shellText).join(', ')} ]`;
  if (Long.isLong(value)) return value.toString();
  if (typeof value !== 'object' || '_bsontype' in value) return JSON.stringify(value);
  const fields = Object.entries(value).map(([name, inner]) => `${name}: ${shellText(inner)}`);
  return fields.length > 0 ? `{ ${fields.join(', ')} }` : '{}';
}

function pick(values: Fields, path: string): unknown {
  if (Object.hasOwn(values, path)) return values[path] ?? null;
  let current: unknown = values;
  for (const step of path.split('.')) current = (current as Fields | undefined | null)?.[step];
  return current ?? null;
}
