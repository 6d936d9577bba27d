import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { MongoClient, type ClientSession, type Collection, type Db, type MongoServerError } from 'mongodb';
import { waitFor } from '#caas/testing';
import { describeGateway, GatewayProcess } from './gateway.support';

const database = `gateway_waiting_${process.pid}`;
const COMMANDS = 4;
const CURSORS = 6;

interface Pool {
  commands: number;
  transactions: number;
  cursors: number;
  waiting: number;
}

/** One client's trouble is not another's: on a gateway of few sessions, so that each that is taken is missed. */
describeGateway('A gateway of few sessions', (postgres) => {
  let gateway: GatewayProcess;
  let client: MongoClient;
  let db: Db;

  beforeAll(async () => {
    const sizes = ['--pool', String(COMMANDS), '--transactions', '4', '--cursors', String(CURSORS)];
    gateway = await GatewayProcess.start(postgres, ...sizes);
    client = await MongoClient.connect(gateway.uri, { maxPoolSize: 200 });
    db = client.db(database);
    await db.collection('other').insertMany(Array.from({ length: 300 }, (_, n) => ({ n })));
  });
  afterAll(async () => {
    await db?.dropDatabase();
    await client?.close();
    await gateway?.end();
  });

  const pool = async () => (await db.admin().command({ serverStatus: 1 })).postgres as Pool;
  const openCursors = async () => (await db.admin().command({ serverStatus: 1 })).metrics.cursor.open.total as number;
  const cursorsEnd = () => waitFor('no cursor is open', 10_000, async () => (await openCursors()) === 0);
  const codeOf = (error: MongoServerError) => error.code;
  /** How long an unrelated read takes while `work` is under way, beside the same at rest. */
  const readTimes = async (times: number) => {
    const taken: number[] = [];
    for (let n = 0; n < times; n += 1) {
      const began = performance.now();
      expect(await db.collection('other').findOne({ n })).toMatchObject({ n });
      taken.push(performance.now() - began);
      await sleep(2);
    }
    return taken.sort((a, b) => a - b);
  };
  const inTransaction = async (work: (session: ClientSession) => Promise<void>) => {
    const session = client.startSession();
    session.startTransaction();
    try {
      await work(session);
    } finally {
      await session.endSession();
    }
  };

  it.each([
    ['one document', () => ({ _id: 'one' as never })],
    ['one document by different filters', (n: number) => ({ _id: 'one' as never, no: { $ne: n } })],
  ])('lets writers of %s wait for a transaction, in no other’s way', async (_what, filterOf) => {
    const things = db.collection('things');
    await things.deleteMany({});
    await things.insertOne({ _id: 'one' as never, n: 0 });
    const resting = await readTimes(40);
    await inTransaction(async (session) => {
      await things.updateOne({ _id: 'one' as never }, { $set: { by: 'transaction' } }, { session });
      const writers = Array.from({ length: 16 }, (_, n) => things.updateOne(filterOf(n), { $inc: { n: 1 } }));
      const meanwhile = await readTimes(40);
      // Half of the reads; a machine that others use takes its time for single ones.
      expect(meanwhile[20]!).toBeLessThan(3 * resting[20]! + 10);
      expect(await things.countDocuments({ n: { $gt: 0 } })).toBe(0);
      await session.commitTransaction();
      expect((await Promise.all(writers)).map(({ modifiedCount }) => modifiedCount)).toEqual(Array(16).fill(1));
    });
    expect(await things.findOne()).toMatchObject({ n: 16, by: 'transaction' });
  });

  it('ends a wait when its time is over, and the wait of a client that is gone', async () => {
    const things = db.collection('waits');
    await things.insertOne({ _id: 'one' as never, n: 0 });
    await inTransaction(async (session) => {
      await things.updateOne({ _id: 'one' as never }, { $set: { n: 1 } }, { session });
      const limited = things.updateOne({ _id: 'one' as never }, { $inc: { n: 10 } }, { maxTimeMS: 100 });
      await expect(limited).rejects.toMatchObject({ code: 50, codeName: 'MaxTimeMSExpired' });
      const gone = await MongoClient.connect(gateway.uri, { retryWrites: false });
      const wait = gone
        .db(database)
        .collection('waits')
        .updateOne({ _id: 'one' as never }, { $inc: { n: 100 } });
      const outcome = wait.catch(() => 'gone');
      await sleep(50);
      await gone.close(true);
      expect(await outcome).toBe('gone');
      await sleep(50);
      await session.commitTransaction();
    });
    await sleep(100);
    expect(await things.findOne()).toMatchObject({ n: 1 });
  });

  it('holds a time limit against the command that has it, and against no other', async () => {
    const slow = {
      $expr: {
        $gt: [
          {
            $reduce: {
              input: { $range: [0, { $add: ['$n', 20_000] }] },
              initialValue: 0,
              in: { $add: ['$$value', 1] },
            },
          },
          -1,
        ],
      },
    };
    const limited = Array.from({ length: 8 }, () =>
      db.collection('other').find(slow, { maxTimeMS: 1 }).toArray().catch(codeOf),
    );
    const free = Array.from({ length: 60 }, async (_, n) => {
      await sleep(n);
      return db.collection('other').countDocuments({ n: { $lt: 10 } });
    });
    expect(await Promise.all(limited)).toEqual(Array(8).fill(50));
    expect(await Promise.all(free)).toEqual(Array(60).fill(10));
    await inTransaction(async (session) => {
      await db.collection('limited').insertOne({ _id: 'kept' as never }, { session });
      await expect(db.collection('other').find(slow, { session, maxTimeMS: 1 }).toArray()).rejects.toMatchObject({
        code: 50,
      });
      await expect(db.collection('other').findOne({}, { session })).rejects.toMatchObject({
        code: 251,
        errorLabels: expect.arrayContaining(['TransientTransactionError']),
      });
    });
    await waitFor('the sessions are back', 5_000, async () => (await pool()).transactions === 0);
  });

  const sorted = (of: MongoClient) => of.db(database).collection('other').find().sort({ x: 1 }).batchSize(2);

  it('closes cursors with their session, and the one longest unread where there are too many', async () => {
    const cursors = Array.from({ length: CURSORS + 2 }, () => sorted(client));
    for (const cursor of cursors) expect(await cursor.next()).not.toBeNull();
    expect(await pool()).toMatchObject({ cursors: CURSORS, commands: expect.any(Number) });
    const outcomes = await Promise.all(cursors.map((cursor) => cursor.toArray().then((rest) => rest.length, codeOf)));
    expect(outcomes).toEqual([43, 43, ...Array(CURSORS).fill(299)]);
    await cursorsEnd();
    const session = client.startSession();
    const [first] = await client
      .db(database)
      .collection('other')
      .find({}, { session })
      .sort({ x: 1 })
      .batchSize(2)
      .toArray();
    expect(first).toBeDefined();
    const left = client.db(database).collection('other').find({}, { session }).sort({ x: 1 }).batchSize(2);
    await left.next();
    expect(await pool()).toMatchObject({ cursors: 1 });
    await db.admin().command({ endSessions: [session.id] });
    expect(await left.toArray().catch(codeOf)).toBe(43);
    await session.endSession();
    await cursorsEnd();
  });

  it('closes the cursors of a client that was killed, and cancels what it ran', async () => {
    const script = `
      const { MongoClient } = require('mongodb');
      (async () => {
        const client = await MongoClient.connect(process.argv[1], { maxPoolSize: 20 });
        const other = client.db(process.argv[2]).collection('other');
        for (let n = 0; n < ${CURSORS}; n += 1) await other.find().sort({ x: 1 }).batchSize(2).next();
        const slow = { $expr: { $gt: [{ $reduce: { input: { $range: [0, { $add: ['$n', 3_000_000] }] }, initialValue: 0, in: { $add: ['$$value', 1] } } }, -1] } };
        for (let n = 0; n < ${COMMANDS}; n += 1) other.find(slow).toArray().catch(() => undefined);
        setTimeout(() => console.log('at work'), 200);
      })();`;
    const { NODE_OPTIONS: _jests, ...env } = process.env;
    const killed = spawn(process.execPath, ['-e', script, gateway.uri, database], {
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(killed.stdout, 'data');
    killed.kill('SIGKILL');
    await once(killed, 'exit');
    // Each of its sessions would be at work for a minute.
    expect(await db.collection('other').findOne({ n: 1 })).toMatchObject({ n: 1 });
    await cursorsEnd();
    expect(await pool()).toMatchObject({ cursors: 0, waiting: 0 });
  });

  it('makes the collections and indexes that racing clients ask for', async () => {
    const outcomes: unknown[] = [];
    for (let round = 0; round < 20; round += 1) {
      const things = db.collection(`raced_${round}`);
      const race = [
        ...[1, 2, 3].map((n) => things.insertOne({ n })),
        things.createIndex({ a: 1 }),
        things.createIndexes([{ key: { a: 1 } }, { key: { b: 1 }, unique: true, sparse: true }]),
        things.createIndex({ c: 1 }, { expireAfterSeconds: 60 }),
        db.command({ create: `raced_${round}` }),
      ];
      outcomes.push(
        ...(await Promise.allSettled(race)).flatMap((result) =>
          result.status === 'rejected' ? [String(result.reason)] : [],
        ),
      );
      const names = (await things.indexes()).map(({ name }) => name).sort();
      expect(names).toEqual(['_id_', 'a_1', 'b_1', 'c_1']);
      expect(await things.countDocuments()).toBe(3);
    }
    expect(outcomes).toEqual([]);
  });

  it('lets dropped and made collections be used by others meanwhile', async () => {
    const things = db.collection('come_and_gone');
    const outcomes = await Promise.all(
      Array.from({ length: 60 }, async (_, n) => {
        await sleep(n * 3);
        return n % 6 === 0 ? things.drop().then(() => 0, codeOf) : things.insertOne({ n }).then(() => 0, codeOf);
      }),
    );
    expect(outcomes.filter((code) => code !== 0)).toEqual([]);
  });

  it('tells transactions that make one collection to start over, all but one', async () => {
    for (let round = 0; round < 5; round += 1) {
      const attempts = Array.from({ length: 4 }, async (_, n) => {
        const session = client.startSession();
        try {
          await session.withTransaction(() =>
            db.collection(`implicit_${round}`).insertOne({ _id: n as never }, { session }),
          );
        } finally {
          await session.endSession();
        }
      });
      await Promise.all(attempts);
      expect(await db.collection(`implicit_${round}`).countDocuments()).toBe(4);
    }
  });

  it.each([true, false])('loses no increment of racing upserts (retryWrites: %s)', async (retryWrites) => {
    const racing = await MongoClient.connect(gateway.uri, { maxPoolSize: 10, retryWrites });
    const counters = racing.db(database).collection(`counters_${retryWrites}`);
    await counters.createIndex({ k: 1 }, { unique: true });
    const pairs = racing.db(database).collection(`pairs_${retryWrites}`);
    await pairs.createIndex({ a: 1, b: 1 }, { unique: true });
    for (let round = 0; round < 20; round += 1) {
      await Promise.all([
        ...[1, 2, 3, 4].map(() => counters.updateOne({ k: round }, { $inc: { n: 1 } }, { upsert: true })),
        ...[1, 2].map(() => counters.findOneAndUpdate({ k: round }, { $inc: { n: 1 } }, { upsert: true })),
      ]);
      await Promise.all(
        [1, 2, 3, 4].map(() =>
          pairs.updateOne({ $and: [{ a: 1 }, { b: { $eq: round } }] }, { $inc: { n: 1 } }, { upsert: true }),
        ),
      );
    }
    const counts = (of: Collection) =>
      of
        .find()
        .map(({ n }) => n as number)
        .toArray();
    expect(await counts(counters)).toEqual(Array(20).fill(6));
    expect(await counts(pairs)).toEqual(Array(20).fill(4));
    // A key that the update itself writes is the client's mistake, and is told.
    await expect(counters.updateOne({ k: 'new' }, { $set: { k: 1 } }, { upsert: true })).rejects.toMatchObject({
      code: 11_000,
    });
    await expect(counters.updateOne({ k: 1, x: 1 }, { $set: { y: 1 } }, { upsert: true })).rejects.toMatchObject({
      code: 11_000,
    });
    await racing.close();
  });
});

describeGateway('Cursors', (postgres) => {
  let gateway: GatewayProcess;
  let client: MongoClient;
  let db: Db;

  beforeAll(async () => {
    gateway = await GatewayProcess.start(postgres);
    client = await MongoClient.connect(gateway.uri);
    db = client.db(`${database}_cursors`);
    await db.collection('things').insertMany(Array.from({ length: 10 }, (_, n) => ({ n })));
  });
  afterAll(async () => {
    await db?.dropDatabase();
    await client?.close();
    await gateway?.end();
  });

  const getMore = (command: { getMore: unknown; collection?: string }, session?: ClientSession) =>
    db.command({ ...command, collection: command.collection ?? 'things' }, { session }).then(
      () => 0,
      (error: MongoServerError) => error.code,
    );

  it('are read on from their own collection, in their own session, while it is there', async () => {
    const session = client.startSession();
    const other = client.startSession();
    const id = async () => (await db.command({ find: 'things', batchSize: 2 }, { session })).cursor.id as unknown;
    expect(await getMore({ getMore: await id() }, session)).toBe(0);
    expect(await getMore({ getMore: await id(), collection: 'others' }, session)).toBe(13);
    expect(await getMore({ getMore: await id() }, other)).toBe(50_738);
    session.startTransaction();
    const inside = await id();
    await session.commitTransaction();
    expect(await getMore({ getMore: inside }, session)).toBe(43);
    const doomed = await id();
    await db.collection('things').rename('renamed');
    expect(await getMore({ getMore: doomed }, session)).toBe(175);
    expect(await getMore({ getMore: doomed }, session)).toBe(43);
    await Promise.all([session.endSession(), other.endSession()]);
  });
});
