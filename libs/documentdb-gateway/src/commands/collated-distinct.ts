import { serialize } from 'bson';
import { decodeExact } from '../bson/decode';
import { MongoError } from '../errors/mongo-error';
import { bsonOf } from '../postgres/session';
import type { Command } from './command';

type Fields = Record<string, unknown>;

const TOO_BIG = 17_217;
const AGGREGATE = `select cursorpage::text as page, continuation is not null as more
  from documentdb_api.aggregate_cursor_first_page($1, $2::bytea::documentdb_core.bson, 0)`;

/**
 * `distinct` under a collation, which the engine has for aggregates alone: values that are equal under it count once. Arrays on
 * the way and at the end of the path are taken apart by one level, as MongoDB does.
 * @returns `{ values, ok }`; null when the command has no collation
 * @throws MongoError CommandNotSupported for a path with a position in an array, 17217 for more than 16 MiB of values
 */
export async function collatedDistinct(command: Command): Promise<Fields | null> {
  if (!command.options.some(({ name }) => name === 'collation')) return null;
  const { distinct, key, query, collation, hint } = decodeExact(command.body);
  if (typeof key !== 'string' || key === '' || collation === undefined) return null;
  const steps = key.split('.');
  if (steps.some((step) => /^\d+$/.test(step))) {
    throw MongoError.of('CommandNotSupported', 'distinct with a collation takes no position in an array');
  }
  const paths = steps.map((_, index) => steps.slice(0, index + 1).join('.'));
  const aggregate = {
    aggregate: distinct as unknown,
    pipeline: [
      { $match: (query ?? {}) as Fields },
      ...paths.map((path) => ({ $unwind: { path: `$${path}`, preserveNullAndEmptyArrays: path === key } })),
      { $match: { [key]: { $exists: true } } },
      { $group: { _id: `$${key}` } },
    ],
    collation: collation as Fields,
    cursor: { batchSize: 2 ** 31 - 1 },
    ...(hint === undefined ? {} : { hint: hint as Fields }),
  };
  return command.run(async (session) => {
    const [row] = await session.query('collatedDistinct', AGGREGATE, [command.db, Buffer.from(serialize(aggregate))]);
    if (row!.more === true) {
      await session.run('CLOSE ALL');
      throw new MongoError(TOO_BIG, 'distinct too big, 16mb cap');
    }
    const { cursor } = decodeExact(bsonOf(row!.page)) as {
      cursor: { firstBatch: { _id: unknown }[] };
    };
    return { values: cursor.firstBatch.map(({ _id }) => _id), ok: 1 };
  });
}
