import type { Connection } from './connection';
import { framed } from './connection';
import { document } from './inputs/documents';
import { Random } from './inputs/random';
import { encode, Fields } from './inputs/raw-bson';

const WAIT_MS = 30_000;
const DATABASES = ['fz', 'fz_2'];
const MANY = 300;

/** Fills what generated commands are about, as far as others of them have taken it away. Its own refusals do not matter. @throws when it has no answer */
export async function seedData(connection: Connection, seed: number): Promise<void> {
  const random = new Random(seed, -1);
  const some = (count: number) =>
    random.many(count, count, () => document(random)).filter((each) => each.entries.length > 6);
  for (const db of DATABASES) {
    const ask = async (entries: [string, unknown][]) => {
      const outcome = await connection.ask(framed(encode(new Fields([...entries, ['$db', db]]), 0n)), WAIT_MS);
      if (outcome.reply === null) throw new Error(`${outcome.why} to the seed's ${entries[0]!.join(' ')} in ${db}`);
    };
    const fill = (name: string, documents: Fields[]) =>
      ask([
        ['insert', name],
        ['documents', documents],
        ['ordered', false],
      ]);
    const index = (name: string, key: object, more: object = {}) =>
      ask([
        ['createIndexes', name],
        ['indexes', [{ key, name: `${Object.keys(key).join('_')}_1`, ...more }]],
      ]);
    await fill('one', some(20));
    await fill('two', some(40));
    await fill('many', some(MANY));
    await fill(
      'geo',
      random.many(30, 30, () => geoDocument(random)),
    );
    await index('one', { a: 1 });
    await index('many', { a: 1, 'sub.x': -1 });
    await index('two', { s: 'text' });
    await index('geo', { loc: '2dsphere' });
    await index('geo', { geo: '2d' });
    await index('two', { 'items.q': 1 }, { sparse: true });
    await ask([
      ['create', 'view'],
      ['viewOn', 'many'],
      ['pipeline', [{ $match: { a: { $lt: 9 } } }]],
    ]);
  }
}

function geoDocument(random: Random): Fields {
  const at = [random.below(360) - 180, random.below(180) - 90];
  return new Fields([
    ['_id', random.below(1_000)],
    ['loc', { type: 'Point', coordinates: at }],
    ['geo', at],
    ['a', random.below(20)],
  ]);
}
