import { randomBytes } from 'node:crypto';
import { Long, UUID } from 'bson';
import { describeGateway, GatewayProcess, WireClient } from './gateway.support';

type Fields = Record<string, unknown>;

/** What the gateway puts right on the way to the engine, and what it answers itself. */
describeGateway('What the engine is spared', (postgres) => {
  const $db = `gateway_mends_${process.pid}`;
  let gateway: GatewayProcess;
  let client: WireClient;

  beforeAll(async () => {
    gateway = await GatewayProcess.start(postgres);
    client = await WireClient.connect(gateway.port);
    const documents = ['hello you', 'bye', 'hello hello'].map((text, _id) => ({ _id, text, n: _id }));
    await ask({ insert: 'things', documents });
    await ask({ createIndexes: 'things', indexes: [{ key: { text: 'text' }, name: 'words' }] });
  });
  afterAll(async () => {
    await ask({ dropDatabase: 1 });
    client.close();
    await gateway.end();
  });
  const ask = (command: Fields) => client.command({ ...command, $db: command.$db ?? $db });
  const batchOf = async (command: Fields) => {
    const { cursor, ...reply } = await ask(command);
    return cursor ? ((cursor as Fields).firstBatch as Fields[]) : reply;
  };

  describe('a projection that only adds $meta', () => {
    const score = { $meta: 'textScore' };
    const find = { find: 'things', filter: { $text: { $search: 'hello' } }, sort: { n: 1 } };
    const scored = { score: expect.any(Number) };
    it.each<[string, Fields, Fields[]]>([
      [
        'keeps the other fields',
        { projection: { score } },
        [
          { _id: 0, text: 'hello you', n: 0, ...scored },
          { _id: 2, text: 'hello hello', n: 2, ...scored },
        ],
      ],
      [
        'leaves out what it is to',
        { projection: { score, text: 0, _id: false } },
        [
          { n: 0, ...scored },
          { n: 2, ...scored },
        ],
      ],
      [
        'keeps what it is to',
        { projection: { score, n: 1, _id: 0 } },
        [
          { n: 0, ...scored },
          { n: 2, ...scored },
        ],
      ],
      [
        'goes with the options of a find',
        { projection: { score }, sort: { score }, skip: 1, limit: 1, singleBatch: true },
        [{ _id: expect.any(Number), text: expect.any(String), n: expect.any(Number), ...scored }],
      ],
    ])('%s', async (_name, options, batch) => {
      expect(await batchOf({ ...find, ...options })).toEqual(batch);
    });

    it('is read on', async () => {
      const { cursor } = await ask({ ...find, projection: { score }, batchSize: 1 });
      const { id, firstBatch } = cursor as { id: Long; firstBatch: Fields[] };
      expect(firstBatch).toEqual([{ _id: 0, text: 'hello you', n: 0, ...scored }]);
      const next = await ask({ getMore: Long.fromValue(id), collection: 'things' });
      expect(next).toMatchObject({ cursor: { nextBatch: [{ _id: 2, n: 2 }] } });
    });
  });

  it('knows `number` in a schema', async () => {
    const $jsonSchema = { properties: { n: { bsonType: 'number' }, m: { bsonType: ['string', 'number'] } } };
    const create = { create: 'checked', validator: { $jsonSchema } };
    expect(await ask(create)).toMatchObject({ ok: 1 });
    expect(await ask(create)).toMatchObject({ ok: 1 });
    expect(
      await ask({
        insert: 'checked',
        documents: [
          { n: 1.5, m: 'x' },
          { n: Long.ONE, m: 2 },
        ],
      }),
    ).toMatchObject({ n: 2 });
    expect(await ask({ insert: 'checked', documents: [{ n: 'x' }] })).toMatchObject({
      writeErrors: [{ code: 121, errInfo: { details: { operatorName: '$jsonSchema' } } }],
    });
    expect(await ask({ collMod: 'checked', validator: { $jsonSchema } })).toMatchObject({ ok: 1 });
    expect(await ask({ count: 'checked', query: { $jsonSchema } })).toMatchObject({ n: 2 });
    expect(await ask({ find: 'things', filter: { $nor: [{ $jsonSchema }] } })).toMatchObject({
      cursor: { firstBatch: [] },
    });
  });

  it('takes the simple collation for none', async () => {
    const collation = { locale: 'simple' };
    const index = { key: { n: 1 }, name: 'n_1', unique: true, collation };
    expect(await ask({ createIndexes: 'things', indexes: [index] })).toMatchObject({ ok: 1, numIndexesAfter: 3 });
    const updates = [{ q: { _id: 1 }, u: { $set: { a: 1 } }, collation }];
    expect(await ask({ update: 'things', updates })).toMatchObject({ n: 1, nModified: 1 });
    expect(await ask({ delete: 'things', deletes: [{ q: { _id: 9 }, limit: 1, collation }] })).toMatchObject({
      ok: 1,
      n: 0,
    });
  });

  it('calls a key that no index holds too long', async () => {
    // So long that it is too long compressed as well.
    const reply = await ask({ insert: 'things', documents: [{ _id: randomBytes(50_000).toString('hex') }] });
    expect(reply).toMatchObject({ n: 0, writeErrors: [{ index: 0, code: 17_280 }] });
  });

  it('answers a write whose errors no reply would hold', async () => {
    const documents = Array.from({ length: 90_000 }, () => ({ _id: 'the same text of some length, again and again' }));
    const { writeErrors, ...reply } = await ask({ insert: 'many', documents, ordered: false });
    expect(reply).toMatchObject({ n: 1, ok: 1 });
    const [first, last] = [(writeErrors as Fields[])[0], (writeErrors as Fields[]).at(-1)];
    expect([(writeErrors as Fields[]).length, first, last]).toEqual([
      89_999,
      expect.objectContaining({ index: 1, code: 11_000, errmsg: expect.stringContaining('E11000') }),
      expect.objectContaining({ index: 89_999, code: 11_000, errmsg: '' }),
    ]);
  });

  describe('of itself', () => {
    const admin = { aggregate: 1, cursor: {}, $db: 'admin' };
    it('tells the commands at work, with further stages', async () => {
      const pipeline = [{ $currentOp: { localOps: true } }, { $match: { active: true } }];
      const own = { type: 'op', command: { aggregate: 1, pipeline, cursor: {}, $db: 'admin' } };
      expect(await batchOf({ ...admin, pipeline })).toEqual([expect.objectContaining(own)]);
      expect(await ask({ currentOp: 1, $db: 'admin', active: true })).toMatchObject({
        inprog: [{ command: { currentOp: 1 } }],
      });
    });

    it('tells idle cursors, transactions and sessions', async () => {
      const lsid = { id: new UUID() };
      await ask({ find: 'things', batchSize: 1, lsid });
      await ask({ find: 'things', lsid, txnNumber: Long.ONE, autocommit: false, startTransaction: true });
      const pipeline = [{ $currentOp: { idleCursors: true, idleSessions: true } }];
      const listed = await batchOf({ ...admin, pipeline });
      expect(listed).toContainEqual(expect.objectContaining({ type: 'idleCursor', ns: `${$db}.things` }));
      expect(listed).toContainEqual(
        expect.objectContaining({
          type: 'idleSession',
          transaction: expect.objectContaining({ parameters: { txnNumber: 1, autocommit: false } }),
        }),
      );
      const sessions = [
        { $listLocalSessions: {} },
        { $limit: 1 },
        { $addFields: { a: 1 } },
        { $project: { _id: 0, a: 1 } },
      ];
      expect(await batchOf({ ...admin, pipeline: sessions })).toEqual([{ a: 1 }]);
      await ask({ endSessions: [lsid] });
      expect(await batchOf({ ...admin, pipeline })).toEqual([expect.objectContaining({ type: 'op' })]);
      expect(await batchOf({ ...admin, pipeline: [{ $listLocalSessions: {} }] })).toEqual([]);
    });

    it('interrupts a command by its number', async () => {
      const other = await WireClient.connect(gateway.port);
      const lsid = { id: new UUID() };
      const transaction = { lsid, txnNumber: Long.ONE, autocommit: false };
      const update = { update: 'things', updates: [{ q: { _id: 0 }, u: { $inc: { m: 1 } } }], $db };
      await ask({ ...update, ...transaction, startTransaction: true });
      const waiting = other.command(update);
      const pipeline = [{ $currentOp: {} }, { $match: { 'command.update': 'things' } }];
      let found: Fields[] = [];
      while (found.length === 0) found = (await batchOf({ ...admin, pipeline })) as Fields[];
      await ask({ killOp: 1, op: found[0]!.opid, $db: 'admin' });
      expect(await waiting).toMatchObject({ ok: 0, code: 11_601 });
      await ask({ abortTransaction: 1, ...transaction, $db: 'admin' });
      other.close();
    });

    it.each<[string, Fields, number]>([
      ['operations of another database', { aggregate: 1, pipeline: [{ $currentOp: {} }] }, 73],
      ['sessions of a collection', { aggregate: 'things', pipeline: [{ $listLocalSessions: {} }] }, 73],
      ['sessions into a collection', { aggregate: 1, pipeline: [{ $listLocalSessions: {} }, { $out: 'x' }] }, 115],
    ])('refuses %s', async (_name, command, code) => {
      expect(await ask({ ...command, cursor: {} })).toMatchObject({ ok: 0, code });
    });
  });
});
