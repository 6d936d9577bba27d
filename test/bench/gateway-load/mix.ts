import { randomInt, randomUUID } from 'node:crypto';
import type { Collection, Db, MongoClient } from 'mongodb';
import type { Journal } from './journal';

interface Thing {
  _id: string;
  n: number;
  tag: string;
  body: string;
}
interface Counted {
  _id: number;
  n: number;
}

export const HOT = 8;
export const MANY = 1_000;
const SIDES = 3;
const SIDE_FIELDS = 4;
const THINGS = 500;
/** Upserts of about now meet on these keys, so that some are the first of theirs at once. */
const KEYS_AT_ONCE = 4;
const SMALL_BATCH = 5;
const ANY = 1_000_000;

/** Makes the collections, what is read from the start, and the unique key. */
export async function setScene(db: Db): Promise<void> {
  const numbered = (count: number) => Array.from({ length: count }, (_, _id) => ({ _id, n: 0 }));
  await db.collection<Counted>('hot').insertMany(numbered(HOT));
  await db.collection<Counted>('many').insertMany(numbered(MANY));
  await db.collection<Counted>('accounts').insertMany(numbered(HOT));
  await db.collection<Thing>('things').insertMany(Array.from({ length: THINGS }, thing));
  await db.collection('things').createIndex({ n: 1 });
  await db.collection('upserted').createIndex({ key: 1 }, { unique: true });
  for (let side = 0; side < SIDES; side += 1) await db.collection(`side_${side}`).insertOne({ a: 1 });
}

const thing = (): Thing => ({ _id: randomUUID(), n: randomInt(ANY), tag: `t${randomInt(20)}`, body: 'x'.repeat(300) });

/** What each client does. */
export class Mix {
  private readonly db: Db;
  private readonly things: Collection<Thing>;
  private mine: string[] = [];
  /** How often `withTransaction` called its work, and how often it ended well. */
  readonly transactions = { begun: 0, committed: 0 };

  constructor(
    private readonly client: MongoClient,
    database: string,
    private readonly journal: Journal,
  ) {
    this.db = client.db(database);
    this.things = this.db.collection('things');
  }

  readonly operations = {
    insert: async () => {
      const made = thing();
      await this.things.insertOne(made);
      this.mine.push(made._id);
    },
    insertMany: () => this.things.insertMany([thing(), thing(), thing()], { ordered: false }),
    findOne: () => this.things.findOne({ n: { $gte: randomInt(ANY) } }),
    find: () =>
      this.things
        .find({ tag: `t${randomInt(20)}` })
        .limit(20)
        .toArray(),
    sortedFind: () =>
      this.things
        .find({ n: { $gte: randomInt(ANY) } })
        .sort({ tag: 1, n: -1 })
        .limit(5 * SMALL_BATCH)
        .batchSize(SMALL_BATCH)
        .toArray(),
    abandonedCursor: () => this.things.find().sort({ body: 1, tag: -1 }).batchSize(SMALL_BATCH).next(),
    aggregate: () => this.things.aggregate([{ $group: { _id: '$tag', n: { $sum: 1 } } }]).toArray(),
    count: () => this.things.countDocuments({ tag: `t${randomInt(20)}` }),
    hotIncrement: () => this.increment('hot', HOT),
    increment: () => this.increment('many', MANY),
    findOneAndUpdate: () =>
      this.journal.counting('many', 1, () =>
        this.counters('many').findOneAndUpdate(
          { _id: randomInt(MANY) },
          { $inc: { n: 1 } },
          { returnDocument: 'after' },
        ),
      ),
    upsert: () => {
      const key = `${Math.trunc(Date.now() / 100)}-${randomInt(KEYS_AT_ONCE)}`;
      return this.journal.counting('upserted', 1, () =>
        this.db.collection('upserted').updateOne({ key }, { $inc: { n: 1 } }, { upsert: true }),
      );
    },
    delete: async () => {
      const [_id] = this.mine.splice(randomInt(this.mine.length + 1), 1);
      await this.things.deleteOne(_id === undefined ? { n: { $gte: randomInt(ANY) } } : { _id });
    },
    deleteMany: () => this.things.deleteMany({ n: { $gte: ANY - 10_000 } }),
    transfer: () => this.transfer(),
    sideInsert: () => this.side().insertOne({ f0: 1, f1: randomInt(9), f2: 'x', f3: null }),
    createIndex: () => this.side().createIndex({ [`f${randomInt(SIDE_FIELDS)}`]: 1 }),
    dropIndex: () => this.side().dropIndex(`f${randomInt(SIDE_FIELDS)}_1`),
  } satisfies Record<string, () => Promise<unknown>>;

  private async increment(counter: 'hot' | 'many', of: number): Promise<void> {
    await this.journal.counting(counter, 1, async () => {
      const { matchedCount } = await this.counters(counter).updateOne({ _id: randomInt(of) }, { $inc: { n: 1 } });
      if (matchedCount !== 1) throw new Error('the counter was not found');
    });
  }

  /** From one account to another, in the order chance wants: two of these may meet crosswise. */
  private async transfer(): Promise<void> {
    const accounts = this.counters('accounts');
    const from = randomInt(HOT);
    const to = (from + 1 + randomInt(HOT - 1)) % HOT;
    await this.client.withSession((session) =>
      session.withTransaction(async () => {
        this.transactions.begun += 1;
        await accounts.updateOne({ _id: from }, { $inc: { n: -1 } }, { session });
        await accounts.findOne({ _id: to }, { session });
        await accounts.updateOne({ _id: to }, { $inc: { n: 1 } }, { session });
      }),
    );
    this.transactions.committed += 1;
  }

  private counters(name: string): Collection<Counted> {
    return this.db.collection(name);
  }

  private side(): Collection {
    return this.db.collection(`side_${randomInt(SIDES)}`);
  }
}

export type Operation = keyof Mix['operations'];

const WEIGHTS: Record<Operation, number> = {
  insert: 12,
  insertMany: 3,
  findOne: 14,
  find: 8,
  sortedFind: 6,
  abandonedCursor: 1.5,
  aggregate: 2,
  count: 2,
  hotIncrement: 8,
  increment: 10,
  findOneAndUpdate: 6,
  upsert: 6,
  delete: 8,
  deleteMany: 1,
  transfer: 5,
  sideInsert: 3,
  createIndex: 0.5,
  dropIndex: 0.4,
};
const TOTAL = Object.values(WEIGHTS).reduce((sum, weight) => sum + weight, 0);

export function anyOperation(): Operation {
  let at = Math.random() * TOTAL;
  return (Object.keys(WEIGHTS) as Operation[]).find((name) => (at -= WEIGHTS[name]) < 0) ?? 'findOne';
}
