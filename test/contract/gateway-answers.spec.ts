import { Binary, Double, MinKey, MongoClient, type Db, type Document } from 'mongodb';

/** Answers as MongoDB 7 gives them: the same on a mongod as on the gateway. */
const database = `gateway_answers_${process.pid}`;
let client: MongoClient;
let db: Db;

beforeAll(async () => {
  client = await MongoClient.connect(process.env['MONGODB_URI']!, { retryWrites: true });
  db = client.db(database);
  await db.collection('things').insertOne({ _id: 1 as never, text: 'x', zero: 0, list: [1, 2] });
});
afterAll(async () => {
  await db?.dropDatabase();
  await client?.close();
});

const answerTo = (command: Document, options = {}) =>
  db.command(command, options).catch((error: { code: number; codeName: string }) => ({
    code: error.code,
    codeName: error.codeName,
  }));
const project = (expression: unknown) => ({
  aggregate: 'things',
  pipeline: [{ $project: { result: expression } }],
  cursor: {},
});

describe('Codes of what a command does wrong', () => {
  it.each<[string, Document, number]>([
    ['a division of a text', project({ $divide: ['$text', 2] }), 14],
    ['a remainder by zero', project({ $mod: [5, '$zero'] }), 16_610],
    ['a size of no array', project({ $size: '$text' }), 17_124],
    ['an element of no array', project({ $arrayElemAt: ['$text', 0] }), 28_689],
    ['a place that is no number', project({ $arrayElemAt: ['$list', 'x'] }), 28_690],
    ['a switch without a way', project({ $switch: { branches: [{ case: false, then: 1 }] } }), 40_066],
    ['a switch without branches', project({ $switch: { branches: [] } }), 40_068],
    ['an `in` of no array', project({ $in: [1, '$text'] }), 40_081],
    ['objects of no object', project({ $mergeObjects: ['$text'] }), 40_400],
    ['an object of no array', project({ $arrayToObject: '$text' }), 40_386],
    ['a text that is no number', project({ $toInt: '$text' }), 241],
    ['a logarithm of zero', project({ $ln: '$zero' }), 28_766],
    ['a range of no step', project({ $range: [0, 5, 0] }), 34_449],
    ['a condition without its parts', project({ $cond: { if: true } }), 17_081],
    ['a stage that is none', { aggregate: 'things', pipeline: [{ $nonsense: {} }], cursor: {} }, 40_324],
    ['a limit of nothing', { aggregate: 'things', pipeline: [{ $limit: 0 }], cursor: {} }, 15_958],
    ['an operator that is none', { find: 'things', filter: { a: { $nonsense: 1 } } }, 2],
    ['no such index', { dropIndexes: 'things', index: 'nowhere' }, 27],
    ['a search index', { createSearchIndexes: 'things', indexes: [] }, 31_082],
    ['a list of search indexes', { aggregate: 'things', pipeline: [{ $listSearchIndexes: {} }], cursor: {} }, 31_082],
  ])('%s', async (_name, command, code) => {
    expect(await answerTo(command)).toMatchObject({ code });
  });

  it('say which field a projection has too many', async () => {
    const { errmsg } = await db.command({ find: 'things', projection: { text: 1, zero: 0 } }).catch((error) => error);
    expect(errmsg).toBe('Cannot do exclusion on field zero in inclusion projection');
  });

  it('calls them by MongoDB’s names', async () => {
    expect(await answerTo(project({ $toInt: '$text' }))).toEqual({ code: 241, codeName: 'ConversionFailure' });
    const stage = { aggregate: 'things', pipeline: [{ $nonsense: {} }], cursor: {} };
    expect(await answerTo(stage)).toEqual({ code: 40_324, codeName: 'Location40324' });
  });
});

describe('Collections and indexes', () => {
  it('are made again as they are, and not otherwise', async () => {
    const validator = { n: { $type: 'int' } };
    expect(await answerTo({ create: 'plain' })).toMatchObject({ ok: 1 });
    expect(await answerTo({ create: 'plain' })).toMatchObject({ ok: 1 });
    expect(await answerTo({ create: 'plain', validator })).toMatchObject({ code: 48, codeName: 'NamespaceExists' });
    expect(await answerTo({ create: 'checked', validator })).toMatchObject({ ok: 1 });
    expect(await answerTo({ create: 'checked', validator })).toMatchObject({ ok: 1 });
    expect(await answerTo({ create: 'checked' })).toMatchObject({ code: 48 });
    const view = { create: 'view', viewOn: 'things', pipeline: [{ $match: { zero: 0 } }] };
    expect(await answerTo(view)).toMatchObject({ ok: 1 });
    expect(await answerTo(view)).toMatchObject({ ok: 1 });
    expect(await answerTo({ ...view, viewOn: 'plain' })).toMatchObject({ code: 48 });
  });

  it.each<[string, Document]>([
    ['an operator that is none', { $nonsense: 1 }],
    ['a reference of no field', { $ref: 'one', $id: new Binary(Buffer.alloc(3), 9), $db: new MinKey() }],
  ])('have no validator of %s', async (_what, validator) => {
    expect(await answerTo({ create: 'invalid', validator })).toMatchObject({ code: 2 });
    expect(await answerTo({ create: 'valid' })).toMatchObject({ ok: 1 });
    expect(await answerTo({ collMod: 'valid', validator })).toMatchObject({ code: 2 });
    expect(await answerTo({ insert: 'valid', documents: [{ a: 1 }] })).toMatchObject({ ok: 1, n: 1 });
  });

  it('are counted when they go', async () => {
    const gone = db.collection('gone');
    await gone.createIndex({ a: 1 });
    await gone.createIndex({ b: 1 });
    const dropped = await answerTo({ dropIndexes: 'gone', index: 'a_1' });
    expect(dropped).toMatchObject({ nIndexesWas: 3, ok: 1 });
    expect(await answerTo({ drop: 'gone' })).toMatchObject({ nIndexesWas: 2, ns: `${database}.gone`, ok: 1 });
    expect(await answerTo({ drop: 'gone' })).toMatchObject({ ok: 1 });
  });

  it('are listed so that another MongoDB can make them', async () => {
    const kinds = db.collection('kinds');
    await kinds.createIndex({ a: new Double(1) as unknown as 1, b: -1 }, { unique: true, name: 'both' });
    await kinds.createIndex({ words: 'text' });
    for (const index of await kinds.listIndexes().toArray()) expect(Object.keys(index)).not.toContain('storageEngine');
    const both = (await kinds.listIndexes().toArray()).find(({ name }) => name === 'both');
    expect(both).toMatchObject({ v: 2, key: { a: 1, b: -1 }, unique: true });
  });

  it('have a size', async () => {
    const { databases, totalSize } = await client.db().admin().listDatabases();
    const own = databases.find(({ name }) => name === database);
    expect(own).toMatchObject({ empty: false });
    expect(own!.sizeOnDisk).toBeGreaterThan(8_000);
    expect(totalSize).toBeGreaterThanOrEqual(own!.sizeOnDisk!);
  });
});

it('findAndModify counts what it found, also when there was nothing to change', async () => {
  const find = { findAndModify: 'things', query: { _id: 1 } };
  const found = { n: 1, updatedExisting: true };
  expect(await answerTo({ ...find, update: { $set: { text: 'x' } } })).toMatchObject({ lastErrorObject: found });
  expect(await answerTo({ ...find, update: { $set: { text: 'x' } }, new: true, upsert: true })).toMatchObject({
    lastErrorObject: found,
    value: { text: 'x' },
  });
  const none = { ...find, query: { _id: 2 }, update: { $set: { text: 'x' } } };
  expect(await answerTo(none)).toMatchObject({ lastErrorObject: { n: 0, updatedExisting: false }, value: null });
  const made = { n: 1, updatedExisting: false, upserted: 2 };
  expect(await answerTo({ ...none, upsert: true, new: true })).toMatchObject({ lastErrorObject: made });
  expect(await answerTo({ findAndModify: 'things', query: { _id: 2 }, remove: true })).toMatchObject({
    lastErrorObject: { n: 1 },
  });
});

describe('In a transaction', () => {
  it.each<[string, Document]>([
    ['drop', { drop: 'things' }],
    ['dropIndexes', { dropIndexes: 'things', index: 'a_1' }],
    ['count', { count: 'things' }],
    ['listCollections', { listCollections: 1 }],
    ['collMod', { collMod: 'things' }],
    ['an index on what is there', { createIndexes: 'things', indexes: [{ key: { a: 1 }, name: 'a_1' }] }],
    ['$out', { aggregate: 'things', pipeline: [{ $out: 'others' }], cursor: {} }],
    ['$merge', { aggregate: 'things', pipeline: [{ $merge: { into: 'others' } }], cursor: {} }],
  ])('MongoDB refuses %s', async (_name, command) => {
    const session = client.startSession();
    try {
      session.startTransaction();
      await db.collection('things').findOne({}, { session });
      expect(await answerTo(command, { session })).toEqual({
        code: 263,
        codeName: 'OperationNotSupportedInTransaction',
      });
    } finally {
      await session.abortTransaction().catch(() => undefined);
      await session.endSession();
    }
    expect(await db.collection('things').countDocuments()).toBe(1);
  });

  it('makes a collection and its indexes', async () => {
    await client.withSession((session) =>
      session.withTransaction(async () => {
        await db.createCollection('fresh', { session });
        await db.collection('fresh').createIndex({ a: 1 }, { session });
        await db.collection('fresh').insertOne({ a: 1 }, { session });
      }),
    );
    expect((await db.collection('fresh').indexes()).map(({ name }) => name)).toEqual(['_id_', 'a_1']);
  });
});
