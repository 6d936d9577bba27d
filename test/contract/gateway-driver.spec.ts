import { MongoClient, MongoServerError, ObjectId, type Collection, type Db } from 'mongodb';
import { createConnection, Schema, Types, type Connection } from 'mongoose';

/** What the house and its libraries use of MongoDB, told by driver and mongoose: the same on a mongod as on the gateway. */
describe('MongoDB as its clients see it', () => {
  const uri = process.env.MONGODB_URI;
  const database = `gateway_driver_${process.pid}`;
  let client: MongoClient;
  let db: Db;

  beforeAll(async () => {
    if (!uri) throw new Error('these tests need a MongoDB: set MONGODB_URI, or run them by npm test');
    client = await MongoClient.connect(uri, { maxPoolSize: 20 });
    db = client.db(database);
  });
  afterAll(async () => {
    await db?.dropDatabase();
    await client?.close();
  });

  let numbers: Collection<{ n: number; even: boolean }>;
  beforeAll(async () => {
    numbers = db.collection('numbers');
    await numbers.createIndex({ even: 1, n: 1 });
    await numbers.insertMany(Array.from({ length: 350 }, (_, n) => ({ n, even: n % 2 === 0 })));
  });

  const failure = (promise: Promise<unknown>) =>
    promise.then(
      () => {
        throw new Error('it should have failed');
      },
      (error: unknown) => error as MongoServerError,
    );

  describe('cursors', () => {
    it.each([
      ['in natural order', () => numbers.find({}, { batchSize: 40 })],
      ['sorted by an index', () => numbers.find({ even: true }, { batchSize: 40 }).sort({ n: -1 })],
      ['sorted without one', () => numbers.find({}, { batchSize: 40 }).sort({ n: 1, _id: 1 })],
      ['grouped', () => numbers.aggregate([{ $group: { _id: '$n' } }, { $sort: { _id: 1 } }], { batchSize: 40 })],
      ['within a time limit', () => numbers.find({}, { batchSize: 40, maxTimeMS: 20_000 })],
    ])('read everything once, page by page, %s', async (_name, open) => {
      const seen = (await open().toArray()).map(({ _id }) => String(_id));
      const expected = _name === 'sorted by an index' ? 175 : 350;
      expect([seen.length, new Set(seen).size]).toEqual([expected, expected]);
    });

    it('ends when it is killed, and says so to who reads on', async () => {
      const cursor = numbers.find({}, { batchSize: 2 });
      await cursor.next();
      const { id } = cursor;
      await cursor.close();
      const error = await failure(db.command({ getMore: id, collection: 'numbers' }));
      expect(error).toMatchObject({ code: 43, codeName: 'CursorNotFound' });
    });

    it('cannot be read from another database', async () => {
      const cursor = numbers.find({}, { batchSize: 2 });
      await cursor.next();
      const error = await failure(client.db(`${database}_b`).command({ getMore: cursor.id, collection: 'numbers' }));
      expect(error).toBeInstanceOf(MongoServerError);
      await cursor.close();
    });

    it('gives up after maxTimeMS', async () => {
      const endless = numbers.aggregate(
        [
          { $lookup: { from: 'numbers', pipeline: [], as: 'a' } },
          { $unwind: '$a' },
          { $lookup: { from: 'numbers', pipeline: [{ $match: { $expr: { $gt: ['$n', -1] } } }], as: 'b' } },
          { $unwind: '$b' },
          { $group: { _id: null, n: { $sum: '$b.n' } } },
        ],
        { maxTimeMS: 60 },
      );
      expect(await failure(endless.toArray())).toMatchObject({ code: 50, codeName: 'MaxTimeMSExpired' });
      await expect(numbers.countDocuments()).resolves.toBe(350);
    });
  });

  describe('errors', () => {
    it('names the index, its keys and the values of a duplicate', async () => {
      const people = db.collection<{ _id: number; team: string; name?: string | null }>('members');
      await people.createIndex({ team: 1, name: 1 }, { unique: true });
      await people.insertMany([
        { _id: 1, team: 'a', name: 'Ada' },
        { _id: 2, team: 'a', name: 'Bob' },
      ]);
      const message = `E11000 duplicate key error collection: ${database}.members index: team_1_name_1 dup key: { team: "a", name: "Ada" }`;
      const details = { code: 11_000, keyPattern: { team: 1, name: 1 }, keyValue: { team: 'a', name: 'Ada' } };
      const inserted = await failure(people.insertOne({ _id: 3, team: 'a', name: 'Ada' }));
      expect(inserted).toMatchObject({ ...details, message });
      const updated = await failure(people.updateOne({ _id: 2 }, { $set: { name: 'Ada' } }));
      expect(updated).toMatchObject({ ...details, message });
      const modified = await failure(people.findOneAndUpdate({ _id: 2 }, { $set: { name: 'Ada' } }));
      expect(modified).toMatchObject({ code: 11_000, keyValue: { team: 'a', name: 'Ada' } });
      const id = await failure(people.insertOne({ _id: 1, team: 'b', name: null }));
      expect(id).toMatchObject({ keyPattern: { _id: 1 }, keyValue: { _id: 1 } });
    });

    it('does not make an index unique over what is not', async () => {
      const twins = db.collection('twins');
      await twins.insertMany([{ a: 1 }, { a: 1 }]);
      const error = await failure(twins.createIndex({ a: 1 }, { unique: true }));
      expect(error).toMatchObject({ code: 11_000, message: expect.stringMatching(/^E11000 duplicate key error/) });
    });

    it('lists what failed of an unordered batch and does the rest', async () => {
      const batch = db.collection<{ _id: number }>('batch');
      await batch.insertOne({ _id: 1 });
      const documents = [{ _id: 0 }, { _id: 1 }, { _id: 2 }];
      const unordered = await failure(batch.insertMany(documents, { ordered: false }));
      expect(unordered).toMatchObject({ code: 11_000, writeErrors: [{ index: 1, code: 11_000 }] });
      await expect(batch.countDocuments()).resolves.toBe(3);
    });

    it.each<[string, () => Promise<unknown>, number]>([
      ['an unknown command', () => db.command({ nonsense: 1 }), 59],
      ['an unknown operator', () => numbers.findOne({ n: { $nonsense: 1 } } as object), 2],
      ['an unknown stage', () => numbers.aggregate([{ $nonsense: 1 }]).toArray(), 40_324],
      ['two operators on one path', () => numbers.updateOne({}, { $set: { n: 1 }, $inc: { n: 1 } }), 40],
      ['a change of _id', () => numbers.updateOne({ n: 1 }, { $set: { _id: new ObjectId() } } as object), 66],
      ['an index that is not there', () => numbers.dropIndex('nonsense'), 27],
      ['the indexes of what is not there', () => db.collection('nonsense').indexes(), 26],
      ['a collection that exists, unlike it', () => db.createCollection('numbers', { validator: { n: 1 } }), 48],
      ['an index of another name', () => numbers.createIndex({ even: 1, n: 1 }, { name: 'x' }), 85],
      ['renaming what is not there', () => db.collection('nonsense').rename('other'), 26],
      ['a document its validator refuses', () => refusedByValidator(db), 121],
    ])('has MongoDB’s code for %s', async (_name, work, code) => {
      expect(await failure(work())).toMatchObject({ code });
    });

    it('drops what is not there without a word', async () => {
      await expect(db.collection('nonsense').drop()).resolves.toBe(true);
      await expect(client.db(`${database}_never`).dropDatabase()).resolves.toBe(true);
    });
  });

  describe('transactions', () => {
    it('counts right though writers meet, because the driver starts over', async () => {
      const counters = db.collection<{ _id: string; n: number }>('counters');
      await counters.insertOne({ _id: 'c', n: 0 });
      const increment = () =>
        client.withSession((session) =>
          session.withTransaction(async () => {
            const found = await counters.findOne({ _id: 'c' }, { session });
            await counters.updateOne({ _id: 'c' }, { $set: { n: found!.n + 1 } }, { session });
          }),
        );
      await Promise.all(Array.from({ length: 8 }, increment));
      await expect(counters.findOne({ _id: 'c' })).resolves.toMatchObject({ n: 8 });
    });

    it('leaves nothing of a transaction that throws', async () => {
      const traces = db.collection('traces');
      await traces.insertOne({ before: true });
      const work = client.withSession((session) =>
        session.withTransaction(async () => {
          await traces.insertOne({ inside: true }, { session });
          throw new Error('changed its mind');
        }),
      );
      await expect(work).rejects.toThrow('changed its mind');
      await expect(traces.countDocuments()).resolves.toBe(1);
    });

    it('reads the same inside, whatever happens outside', async () => {
      await client.withSession((session) =>
        session.withTransaction(async () => {
          const before = await numbers.countDocuments({}, { session });
          await numbers.insertOne({ n: 1_000, even: true });
          await expect(numbers.countDocuments({}, { session })).resolves.toBe(before);
        }),
      );
      await numbers.deleteOne({ n: 1_000 });
    });
  });

  describe('questions about itself', () => {
    it.each<[string, object, object]>([
      ['ping', { ping: 1 }, {}],
      ['buildInfo', { buildInfo: 1 }, { version: expect.stringMatching(/^\d+\.\d+\.\d+/) }],
      ['serverStatus', { serverStatus: 1 }, { uptime: expect.any(Number), connections: expect.any(Object) }],
      ['connectionStatus', { connectionStatus: 1 }, { authInfo: expect.any(Object) }],
      ['getParameter', { getParameter: 1, featureCompatibilityVersion: 1 }, {}],
      ['listCommands', { listCommands: 1 }, { commands: expect.objectContaining({ find: expect.anything() }) }],
      ['currentOp', { currentOp: 1 }, { inprog: expect.any(Array) }],
      ['killOp', { killOp: 1, op: 123_456_789 }, { info: expect.any(String) }],
      ['listDatabases', { listDatabases: 1, nameOnly: true }, { databases: expect.any(Array) }],
    ])('answers %s', async (_name, command, answer) => {
      await expect(client.db('admin').command(command)).resolves.toMatchObject({ ok: 1, ...answer });
    });

    it('measures collections and databases', async () => {
      // The engine estimates the count, from how full the pages are that it has looked at.
      const { count, ...stats } = await db.command({ collStats: 'numbers' });
      expect(stats).toMatchObject({ nindexes: 2, ok: 1 });
      expect(Math.abs((count as number) - 350)).toBeLessThan(35);
      await expect(db.stats()).resolves.toMatchObject({ db: database, ok: 1 });
    });

    it.each([
      ['find', { find: 'numbers', filter: { even: true, n: 4 } }],
      ['aggregate', { aggregate: 'numbers', pipeline: [{ $match: { even: true } }], cursor: {} }],
      ['count', { count: 'numbers', query: { even: true } }],
      ['distinct', { distinct: 'numbers', key: 'n', query: {} }],
      ['update', { update: 'numbers', updates: [{ q: { n: 1 }, u: { $set: { n: 1 } } }] }],
      ['delete', { delete: 'numbers', deletes: [{ q: { n: 1 }, limit: 1 }] }],
      ['findAndModify', { findAndModify: 'numbers', query: { n: 1 }, update: { $set: { n: 1 } } }],
    ])('explains %s', async (_name, command) => {
      const plan = await db.command({ explain: command, verbosity: 'queryPlanner' });
      expect(JSON.stringify(plan)).toContain('winningPlan');
    });
  });

  describe('mongoose', () => {
    const person = new Schema(
      {
        email: { type: String, unique: true, required: true },
        tags: [String],
        friends: [{ type: Types.ObjectId, ref: 'Person' }],
        seen_at: { type: Date, expires: 3600 },
      },
      { timestamps: true, optimisticConcurrency: true },
    );
    let connection: Connection;

    beforeAll(async () => {
      connection = await createConnection(uri!, { dbName: database }).asPromise();
      await connection.model('Person', person).init();
    });
    afterAll(() => connection?.close());

    it('keeps the indexes of a schema in step', async () => {
      const Person = connection.model('Person');
      const names = (await Person.listIndexes()).map(({ name }) => String(name));
      expect(names.sort()).toEqual(['_id_', 'email_1', 'seen_at_1']);
      await expect(Person.diffIndexes()).resolves.toEqual({ toCreate: [], toDrop: [] });
      await expect(Person.syncIndexes()).resolves.toEqual([]);
    });

    it('saves, populates, locks optimistically and streams', async () => {
      const Person = connection.model('Person', person);
      const [ada, bob] = await Person.create([{ email: 'ada@x' }, { email: 'bob@x', tags: ['a'] }]);
      bob!.friends.push(ada!._id);
      await bob!.save();
      const populated = await Person.findOne({ email: 'bob@x' }).populate<{ friends: { email: string }[] }>('friends');
      expect(populated!.friends.map(({ email }) => email)).toEqual(['ada@x']);
      const [mine, yours] = [await Person.findById(bob!._id), await Person.findById(bob!._id)];
      mine!.tags.push('mine');
      await mine!.save();
      yours!.tags.push('yours');
      await expect(yours!.save()).rejects.toThrow(/No matching document|version/i);
      await expect(Person.create({ email: 'ada@x' })).rejects.toMatchObject({
        code: 11_000,
        keyValue: { email: 'ada@x' },
      });
      const streamed: string[] = [];
      for await (const each of Person.find().sort({ email: 1 }).cursor({ batchSize: 1 })) streamed.push(each.email);
      expect(streamed).toEqual(['ada@x', 'bob@x']);
    });

    it('takes documents back when a transaction on a connection fails', async () => {
      const Person = connection.model('Person', person);
      const work = connection.transaction(async (session) => {
        await Person.create([{ email: 'eve@x' }], { session });
        await Person.updateOne({ email: 'eve@x' }, { $push: { tags: 'x' } }, { session });
        throw new Error('not after all');
      });
      await expect(work).rejects.toThrow('not after all');
      await expect(Person.exists({ email: 'eve@x' })).resolves.toBeNull();
    });

    it('writes in bulk and reads through lookups and facets', async () => {
      const Person = connection.model('Person', person);
      const outcome = await Person.bulkWrite([
        { insertOne: { document: { email: 'cy@x' } } },
        { updateOne: { filter: { email: 'cy@x' }, update: { $addToSet: { tags: { $each: ['p', 'q'] } } } } },
        { updateOne: { filter: { email: 'dan@x' }, update: { $set: { tags: ['r'] } }, upsert: true } },
        { deleteOne: { filter: { email: 'cy@x' } } },
      ]);
      expect(outcome).toMatchObject({ insertedCount: 1, modifiedCount: 1, upsertedCount: 1, deletedCount: 1 });
      const [facets] = await Person.aggregate<{ tags: unknown[]; friends: { f: unknown[] }[] }>([
        {
          $facet: {
            tags: [{ $unwind: '$tags' }, { $sortByCount: '$tags' }],
            friends: [{ $lookup: { from: 'people', localField: 'friends', foreignField: '_id', as: 'f' } }],
          },
        },
      ]);
      expect(facets!.tags.length).toBeGreaterThan(0);
    });
  });
});

async function refusedByValidator(db: Db): Promise<unknown> {
  await db.createCollection('checked', { validator: { $jsonSchema: { required: ['x'] } } });
  return db.collection('checked').insertOne({ y: 1 });
}
