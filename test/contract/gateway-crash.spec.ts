import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { MongoClient } from 'mongodb';
import { patient } from '#caas/testing';

const uri = process.env.MONGODB_URI!;
const database = `gateway_crash_${randomBytes(4).toString('hex')}`;

/** Takes a lock in a transaction, says so, and holds it until it is killed. */
const HOLDER = `
  const { MongoClient } = require('mongodb');
  (async () => {
    const client = await new MongoClient(process.env.MONGODB_URI, { appName: 'holder' }).connect();
    const session = client.startSession();
    session.startTransaction();
    await client.db('${database}').collection('locks').updateOne({ _id: 'one' }, { $inc: { n: 1 } }, { session });
    console.log('held');
    setInterval(() => undefined, 1000);
  })();
`;

describe('a client that is killed in the middle of a transaction', () => {
  const client = new MongoClient(uri);
  const locks = client.db(database).collection<{ _id: string; n: number }>('locks');
  beforeAll(() => locks.insertOne({ _id: 'one', n: 0 }));
  afterAll(async () => {
    await client.db(database).dropDatabase();
    await client.close();
  });

  it('leaves no lock behind, and no change', async () => {
    const holder = spawn(process.execPath, ['-e', HOLDER], {
      env: { ...process.env, NODE_OPTIONS: '' },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(holder.stdout, 'data');
    holder.kill('SIGKILL');
    await once(holder, 'exit');
    const start = performance.now();
    await client.withSession((session) =>
      session.withTransaction(() => locks.updateOne({ _id: 'one' }, { $inc: { n: 10 } }, { session })),
    );
    expect(performance.now() - start).toBeLessThan(patient(1_000));
    expect(await locks.findOne({ _id: 'one' })).toEqual({ _id: 'one', n: 10 });
  });
});
