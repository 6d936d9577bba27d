import { randomBytes } from 'node:crypto';
import { MongoClient, type MongoServerError } from 'mongodb';

const ROUNDS = 60;
const RACERS = 8;

/**
 * Outside a transaction MongoDB tries again itself when writers meet, and a client of a unique index hears of success or of
 * E11000 and of nothing else. PostgreSQL ends one of two such writers with a deadlock or a serialization failure.
 */
describe.each([true, false])('inserts that race for one unique key (retryWrites: %s)', (retryWrites) => {
  const client = new MongoClient(process.env.MONGODB_URI!, { retryWrites, maxPoolSize: 3 * RACERS });
  const database = client.db(`gateway_contention_${randomBytes(4).toString('hex')}`);
  const keys = database.collection('keys');

  beforeAll(async () => {
    await keys.createIndex({ owner: 1, key: 1 }, { unique: true });
    await keys.createIndex({ expires_at: 1 }, { expireAfterSeconds: 0 });
  });
  afterAll(async () => {
    await database.dropDatabase();
    await client.close();
  });

  it.each([1, 3])('tell one that it won and the others E11000, in batches of %i', async (batch) => {
    const outcomes: Record<string, number> = {};
    for (let round = 0; round < ROUNDS; round += 1) {
      const race = Array.from({ length: RACERS }, () => {
        const documents = Array.from({ length: batch }, (_, at) => ({
          owner: 'a',
          key: `${batch}-${round}-${at}`,
          expires_at: new Date(Date.now() + 3_600_000),
        }));
        return keys.insertMany(documents).then(
          () => 'won',
          (error: MongoServerError) => String(error.code),
        );
      });
      for (const outcome of await Promise.all(race)) outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
    }
    expect(outcomes).toEqual({ won: ROUNDS, '11000': ROUNDS * (RACERS - 1) });
    expect(await keys.countDocuments({ key: new RegExp(`^${batch}-`) })).toBe(ROUNDS * batch);
  });
});
