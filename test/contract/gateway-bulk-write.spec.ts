import { Long, UUID } from 'bson';
import { MongoClient, type Db } from 'mongodb';
import { describeGateway, GatewayProcess, WireClient } from './gateway.support';

type Fields = Record<string, unknown>;

/** The client-level bulkWrite of MongoDB 8: several collections in one command. */
describeGateway('bulkWrite over several collections', (postgres) => {
  const database = `gateway_bulk_${process.pid}`;
  let gateway: GatewayProcess;
  let wire: WireClient;
  let client: MongoClient;
  let db: Db;

  beforeAll(async () => {
    gateway = await GatewayProcess.start(postgres);
    wire = await WireClient.connect(gateway.port);
    client = await MongoClient.connect(gateway.uri);
    db = client.db(database);
  });
  beforeEach(() => db.dropDatabase());
  afterAll(async () => {
    await db.dropDatabase();
    await client.close();
    wire.close();
    await gateway.end();
  });
  const nsInfo = [{ ns: `${database}.a` }, { ns: `${database}.b` }];
  const bulk = (ops: Fields[], more: Fields = {}) => wire.command({ bulkWrite: 1, ops, nsInfo, $db: 'admin', ...more });
  /** Documents whose ids are numbers. */
  type Model = Fields & { name: string; namespace: string };
  const write = (models: Model[], options = {}) => client.bulkWrite(models as never, options);
  const all = (name: string) => db.collection(name).find().sort({ _id: 1 }).toArray();

  it('does what the driver asks for, and tells of each', async () => {
    const [a, b] = [`${database}.a`, `${database}.b`];
    const result = await write(
      [
        { name: 'insertOne', namespace: a, document: { _id: 1, n: 1 } },
        { name: 'insertOne', namespace: b, document: { _id: 1 } },
        { name: 'insertOne', namespace: b, document: { _id: 2 } },
        { name: 'updateOne', namespace: a, filter: { _id: 1 }, update: { $inc: { n: 1 } } },
        { name: 'updateMany', namespace: b, filter: {}, update: { $set: { y: 1 } } },
        { name: 'updateOne', namespace: b, filter: { _id: 9 }, update: { $set: { y: 2 } }, upsert: true },
        { name: 'replaceOne', namespace: b, filter: { _id: 2 }, replacement: { z: 1 } },
        { name: 'deleteOne', namespace: b, filter: { y: 1 } },
        { name: 'deleteMany', namespace: b, filter: { _id: 7 } },
      ],
      { verboseResults: true },
    );
    expect(result).toMatchObject({
      insertedCount: 3,
      matchedCount: 4,
      modifiedCount: 4,
      upsertedCount: 1,
      deletedCount: 1,
    });
    expect(result.updateResults?.get(4)).toMatchObject({ matchedCount: 2, modifiedCount: 2 });
    expect(result.updateResults?.get(5)).toMatchObject({ upsertedId: 9, didUpsert: true });
    expect(result.deleteResults?.get(8)).toEqual({ deletedCount: 0 });
    expect(await all('a')).toEqual([{ _id: 1, n: 2 }]);
    expect(await all('b')).toEqual([
      { _id: 2, z: 1 },
      { _id: 9, y: 2 },
    ]);
  });

  it('ends an ordered one at the first error, and goes on with another', async () => {
    const ops = [
      { insert: 0, document: { _id: 1 } },
      { insert: 0, document: { _id: 1 } },
      { insert: 1, document: { _id: 1 } },
    ];
    const duplicate = { ok: 0, idx: 1, code: 11_000, keyPattern: { _id: 1 }, keyValue: { _id: 1 }, n: 0 };
    expect(await bulk(ops)).toMatchObject({
      cursor: { id: 0, ns: 'admin.$cmd.bulkWrite', firstBatch: [{ ok: 1, idx: 0, n: 1 }, duplicate] },
      nErrors: 1,
      nInserted: 1,
      ok: 1,
    });
    expect(await all('b')).toEqual([]);
    const errorsOnly = { ordered: false, errorsOnly: true };
    expect(await bulk(ops, errorsOnly)).toMatchObject({
      cursor: {
        firstBatch: [
          { ok: 0, idx: 0 },
          { ok: 0, idx: 1 },
        ],
      },
      nErrors: 2,
      nInserted: 1,
    });
    expect(await all('b')).toEqual([{ _id: 1 }]);
  });

  it('counts without telling of each when errors alone are asked for', async () => {
    const ops = [
      ...[1, 2, 3].map((_id) => ({ insert: 0, document: { _id } })),
      ...[1, 2, 8].map((_id) => ({ update: 0, filter: { _id }, updateMods: { $set: { v: 1 } }, upsert: true })),
      ...[1, 7].map((_id) => ({ delete: 0, filter: { _id } })),
    ];
    expect(await bulk(ops, { errorsOnly: true })).toMatchObject({
      cursor: { firstBatch: [] },
      nInserted: 3,
      nMatched: 2,
      nModified: 2,
      nUpserted: 1,
      nDeleted: 1,
    });
  });

  it('happens once, however often it is asked for', async () => {
    const retryable = { lsid: { id: new UUID() }, txnNumber: Long.fromNumber(5) };
    const ops = [
      { update: 0, filter: { _id: 1 }, updateMods: { $inc: { n: 1 } }, upsert: true },
      { insert: 1, document: { _id: 1 } },
      { update: 1, filter: { _id: 1 }, updateMods: { $inc: { n: 1 } } },
    ];
    const first = await bulk(ops, retryable);
    expect(first).toMatchObject({ nInserted: 1, nModified: 1, nUpserted: 1 });
    const again = await Promise.all([bulk(ops, retryable), bulk(ops, retryable)]);
    for (const reply of again) expect(reply).toMatchObject(first);
    expect([...(await all('a')), ...(await all('b'))]).toEqual([
      { _id: 1, n: 1 },
      { _id: 1, n: 1 },
    ]);
    expect(await bulk(ops, { ...retryable, txnNumber: Long.fromNumber(4) })).toMatchObject({ code: 225 });
  });

  it('is part of a transaction', async () => {
    const insert = (_id: number, name = 'a') =>
      ({ name: 'insertOne', namespace: `${database}.${name}`, document: { _id } }) as const;
    await client.withSession(async (session) => {
      await session.withTransaction(() => write([insert(1), insert(1, 'b')], { session }));
      session.startTransaction();
      await write([insert(2)], { session });
      await session.abortTransaction();
      session.startTransaction();
      const refused = write([insert(3), insert(1)], { session });
      await expect(refused).rejects.toMatchObject({
        writeErrors: new Map([[1, expect.objectContaining({ code: 11_000 })]]),
      });
      await expect(session.commitTransaction()).rejects.toMatchObject({ code: 251 });
    });
    expect([...(await all('a')), ...(await all('b'))]).toEqual([{ _id: 1 }, { _id: 1 }]);
  });

  it('of many at once loses nothing', async () => {
    await bulk([{ insert: 0, document: { _id: 1, n: 0 } }]);
    const increment = () =>
      write([{ name: 'updateOne', namespace: `${database}.a`, filter: { _id: 1 }, update: { $inc: { n: 1 } } }]);
    await Promise.all(Array.from({ length: 12 }, increment));
    expect(await all('a')).toEqual([{ _id: 1, n: 12 }]);
  });

  it.each<[string, Fields, number]>([
    ['no operations', { ops: [] }, 16],
    ['a namespace that is not listed', { ops: [{ insert: 5, document: {} }] }, 2],
    ['a field that is none', { ops: [{ insert: 0, document: {}, foo: 1 }] }, 40_415],
    ['an insert of nothing', { ops: [{ insert: 0 }] }, 40_414],
    [
      'an update with a sort',
      { ops: [{ update: 0, filter: {}, updateMods: { $set: { a: 1 } }, sort: { a: 1 } }] },
      115,
    ],
    [
      'a sort of many',
      { ops: [{ update: 0, filter: {}, updateMods: { $set: { a: 1 } }, multi: true, sort: { a: 1 } }] },
      9,
    ],
    ['another operation', { ops: [{ upsert: 0, document: {} }] }, 2],
    ['a namespace without a collection', { ops: [{ insert: 0, document: {} }], nsInfo: [{ ns: 'a' }] }, 73],
    ['another database', { ops: [{ insert: 0, document: {} }], $db: database }, 13],
  ])('refuses %s', async (_name, command, code) => {
    expect(await bulk([], command)).toMatchObject({ ok: 0, code });
  });
});
