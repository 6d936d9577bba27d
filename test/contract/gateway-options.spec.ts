import { Long, Timestamp } from 'bson';
import { describeGateway, GatewayProcess, WireClient } from './gateway.support';

type Fields = Record<string, unknown>;

/** Options that the engine ignores or takes otherwise: honoured, or refused with MongoDB's code. */
describeGateway('The options of a command', (postgres) => {
  const $db = `gateway_options_${process.pid}`;
  let gateway: GatewayProcess;
  let client: WireClient;

  beforeAll(async () => {
    gateway = await GatewayProcess.start(postgres);
    client = await WireClient.connect(gateway.port);
    const documents = Array.from({ length: 2_000 }, (_, _id) => ({ _id, a: _id, b: _id % 2 ? 'x' : 'y', l: [_id, 1] }));
    await ask({ insert: 'things', documents });
    await ask({ createIndexes: 'things', indexes: [{ key: { a: 1 }, name: 'a_1' }] });
  });
  afterAll(async () => {
    await ask({ dropDatabase: 1 });
    client.close();
    await gateway.end();
  });
  const ask = (command: Fields) => client.command({ ...command, $db });
  const timed = (command: Fields) => client.timed({ ...command, $db });
  let lastNumber = 0;
  const session = () => ({
    lsid: { id: `session ${(lastNumber += 1)}` },
    txnNumber: Long.fromNumber(1),
    autocommit: false,
    startTransaction: true,
  });
  const find = { find: 'things', limit: 1 };
  const insert = (writeConcern: unknown, _id = (lastNumber += 1)) => ({
    insert: 'written',
    documents: [{ _id }],
    writeConcern,
  });

  it.each<[string, Fields, number]>([
    ['a bound of an index without a hint', { ...find, min: { a: 1 } }, 51_173],
    ['a bound of an index', { ...find, max: { a: 1 }, hint: 'a_1' }, 115],
    ['a tailable cursor', { ...find, tailable: true }, 2],
    ['awaitData alone', { ...find, awaitData: true }, 9],
    ['a negative limit', { find: 'things', limit: -1 }, 51_024],
    ['a negative skip', { ...find, skip: -1 }, 51_024],
    ['a negative batch', { ...find, batchSize: -1 }, 51_024],
    ['a negative batch of an aggregate', { aggregate: 'things', pipeline: [], cursor: { batchSize: -1 } }, 51_024],
    ['an aggregate without a cursor', { aggregate: 'things', pipeline: [] }, 9],
    ['an allowDiskUse of a text', { ...find, allowDiskUse: 'yes' }, 14],
    ['an expiry of a plain collection', { create: 'other', expireAfterSeconds: 5 }, 72],
    ['a size of a plain collection', { create: 'other', size: 4_096 }, 72],
    ['a snapshot of a find', { ...find, readConcern: { level: 'snapshot' } }, 246],
    ['a snapshot of a count', { count: 'things', readConcern: { level: 'snapshot' } }, 72],
    ['a read concern that is none', { ...find, readConcern: { level: 'best' } }, 9],
    ['a read concern of a text', { ...find, readConcern: 'local' }, 14],
    ['a negative time limit', { ...find, maxTimeMS: -1 }, 2],
    ['a time limit too long', { ...find, maxTimeMS: 2 ** 31 }, 2],
    ['a time limit with a fraction', { ...find, maxTimeMS: 1.5 }, 2],
    ['more nodes than a replica set has', insert({ w: 51 }), 9],
    ['fewer nodes than none', insert({ w: -1 }), 9],
    ['nodes that are no number', insert({ w: true }), 9],
    ['a wait that is no number', insert({ wtimeout: 'long' }), 9],
    ['a negative wait', insert({ wtimeout: -1 }), 9],
    ['a write concern of a read', { ...find, writeConcern: { w: 1 } }, 72],
    ['another API', { ping: 1, apiVersion: '2' }, 322],
    ['a strict API without its version', { ping: 1, apiStrict: true }, 4_886_600],
    ['a command outside the API', { distinct: 'things', key: 'a', apiVersion: '1', apiStrict: true }, 323],
    ['an option outside the API', { ...find, showRecordId: true, apiVersion: '1', apiStrict: true }, 323],
    [
      'a stage outside the API',
      { aggregate: 'things', pipeline: [{ $indexStats: {} }], cursor: {}, apiVersion: '1', apiStrict: true },
      323,
    ],
    ...[
      find,
      { count: 'things' },
      { distinct: 'things', key: 'a' },
      { aggregate: 'things', pipeline: [], cursor: {} },
    ].map((command): [string, Fields, number] => [
      `a field that ${Object.keys(command)[0]} has not`,
      { ...command, foo: 1 },
      40_415,
    ]),
    ...[
      { drop: 'none' },
      { killCursors: 'things', cursors: [] },
      { findAndModify: 'things', remove: true },
      { create: 'x' },
    ].map((command): [string, Fields, number] => [
      `a field that ${Object.keys(command)[0]} has not`,
      { ...command, foo: 1 },
      40_415,
    ]),
    ['a time far ahead', { ping: 1, $clusterTime: { clusterTime: new Timestamp({ t: 4_200_000_000, i: 1 }) } }, 202],
  ])('refuses %s', async (_name, command, code) => {
    expect(await ask(command)).toMatchObject({ ok: 0, code });
    expect(await ask({ find: 'written' })).toMatchObject({ cursor: { firstBatch: [] } });
  });

  it.each<[string, Fields]>([
    ['levels of one node', { ...find, readConcern: { level: 'linearizable' } }],
    ['a causal read', { ...find, readConcern: { level: 'majority', afterClusterTime: new Timestamp({ t: 1, i: 1 }) } }],
    ['the API that there is', { ...find, apiVersion: '1', apiStrict: true, apiDeprecationErrors: true }],
    ['options without a meaning here', { ...find, allowDiskUse: true, allowPartialResults: true, oplogReplay: true }],
    ['a comment and no limit of time', { ...find, comment: { why: 1 }, maxTimeMS: 0 }],
    ['fields of other servers', { ...find, $audit: 1 }],
    [
      'writeConcern of an aggregate',
      { aggregate: 'things', pipeline: [{ $limit: 1 }], cursor: {}, writeConcern: { w: 1 } },
    ],
  ])('takes %s', async (_name, command) => {
    expect(await ask(command)).toMatchObject({ ok: 1, cursor: { firstBatch: [{ _id: 0 }] } });
  });

  it('writes, and says so, when a write concern asks for more nodes', async () => {
    const many = { code: 100, codeName: 'UnsatisfiableWriteConcern', errmsg: 'Not enough data-bearing nodes' };
    expect(await ask(insert({ w: 3 }, 900_001))).toMatchObject({ n: 1, ok: 1, writeConcernError: many });
    const named = { code: 79, codeName: 'UnknownReplWriteConcern' };
    expect(await ask(insert({ w: 'two rooms' }, 900_002))).toMatchObject({ n: 1, ok: 1, writeConcernError: named });
    const plain = await ask(insert({ w: 'majority', j: true, wtimeout: 5 }, 900_003));
    expect(plain).toMatchObject({ n: 1, ok: 1 });
    expect(plain).not.toHaveProperty('writeConcernError');
    expect(await ask({ count: 'written', query: {} })).toMatchObject({ n: 3 });
    await ask({ drop: 'written' });
  });

  it('holds concerns to where a transaction takes them', async () => {
    const begun = session();
    expect(await ask({ ...find, ...begun, readConcern: { level: 'snapshot' } })).toMatchObject({ ok: 1 });
    const { startTransaction: _first, ...next } = begun;
    expect(await ask({ ...find, ...next, readConcern: { level: 'local' } })).toMatchObject({ code: 72 });
    expect(await ask({ ...find, ...session(), readConcern: { level: 'available' } })).toMatchObject({ code: 72 });
    expect(await ask({ ...insert({ w: 1 }), ...session() })).toMatchObject({ code: 72 });
    await ask({ abortTransaction: 1, ...next });
  });

  it('tells the time, which never goes back and follows the client’s', async () => {
    const timeOf = ({ $clusterTime }: Fields) => ($clusterTime as { clusterTime: Timestamp }).clusterTime;
    const first = await timed({ ping: 1 });
    const second = await timed({ ping: 1 });
    expect(timeOf(second).compare(timeOf(first))).toBe(1);
    expect(second.operationTime).toEqual(timeOf(second));
    const ahead = new Timestamp({ t: timeOf(second).high + 1_000, i: 7 });
    const third = await timed({ ping: 1, $clusterTime: { clusterTime: ahead } });
    expect(timeOf(third).compare(ahead)).toBe(1);
    expect(timeOf(await timed({ find: 'nowhere', filter: 5 })).compare(ahead)).toBe(1);
  });

  describe('a collation', () => {
    const collation = { locale: 'en', strength: 2 };
    beforeAll(() =>
      ask({
        insert: 'words',
        documents: [
          { _id: 1, w: 'x', l: ['a', 'A', 'b'], n: null },
          { _id: 2, w: 'X', l: ['B'], e: [] },
          { _id: 3, w: 'y', o: [{ p: 'q' }, { p: 'Q' }, { p: ['r', 'R'] }] },
        ],
      }),
    );
    it.each<[string, string, Fields | undefined, unknown[]]>([
      ['values', 'w', undefined, ['x', 'y']],
      ['values in arrays', 'l', undefined, ['a', 'b']],
      ['values in documents in arrays', 'o.p', undefined, ['q', 'r']],
      ['null', 'n', undefined, [null]],
      ['nothing of an empty array', 'e', undefined, []],
      ['the values of what is found under it', 'l', { w: 'X' }, ['a', 'b']],
    ])('makes distinct find once %s', async (_name, key, query, expected) => {
      const { values } = await ask({ distinct: 'words', key, query, collation });
      const lower = (values as (string | null)[]).map((value) => value?.toLowerCase() ?? null);
      expect(lower.sort()).toEqual(expected);
    });
    it('that is the simple one is none', async () => {
      const simple = { collation: { locale: 'simple' } };
      expect(await ask({ distinct: 'words', key: 'w', query: { _id: 1 }, ...simple })).toMatchObject({ values: ['x'] });
      const modify = { findAndModify: 'words', query: { w: 'none' }, remove: true };
      expect(await ask({ ...modify, ...simple })).toMatchObject({ ok: 1, value: null });
      expect(await ask({ create: 'simple', ...simple })).toMatchObject({ ok: 1 });
    });
    it.each<[string, Fields]>([
      ['an update', { update: 'words', updates: [{ q: { w: 'X' }, u: { $set: { a: 1 } }, collation }] }],
      ['findAndModify', { findAndModify: 'words', query: { w: 'X' }, remove: true, collation }],
      ['a position in an array', { distinct: 'words', key: 'l.0', collation }],
    ])('is refused in %s', async (_name, command) => {
      expect(await ask(command)).toMatchObject({ ok: 0, code: 115 });
    });
  });

  describe('a hint of a write', () => {
    const [there, nowhere] = [{ hint: 'a_1' }, { hint: { b: 1 } }];
    const q = { a: -1 };
    const refused = { ok: 1, n: 0, writeErrors: [{ index: 0, code: 2 }] };
    it.each<[string, Fields, Fields]>([
      ['an update', { update: 'things', updates: [{ q, u: { $set: { c: 1 } }, ...there }] }, { ok: 1, n: 0 }],
      ['a wrong one of an update', { update: 'things', updates: [{ q, u: { $set: { c: 1 } }, ...nowhere }] }, refused],
      ['a wrong one of a delete', { delete: 'things', deletes: [{ q, limit: 1, ...nowhere }] }, refused],
      ['findAndModify', { findAndModify: 'things', query: q, remove: true, hint: { a: 1 } }, { ok: 1, value: null }],
      ['a wrong one of findAndModify', { findAndModify: 'things', query: q, remove: true, ...nowhere }, { code: 2 }],
      [
        'one where there is no collection',
        { delete: 'nothing', deletes: [{ q, limit: 1, ...nowhere }] },
        { ok: 1, n: 0 },
      ],
    ])('%s', async (_name, command, answer) => {
      expect(await ask(command)).toMatchObject(answer);
    });
  });

  it('tells which document a validator refused, and by which operator', async () => {
    await ask({ create: 'checked', validator: { $jsonSchema: { required: ['n'] } } });
    const errInfo = { failingDocumentId: 2, details: { operatorName: '$jsonSchema' } };
    const inserted = await ask({ insert: 'checked', documents: [{ _id: 1, n: 1 }, { _id: 2 }] });
    expect(inserted).toMatchObject({ n: 1, writeErrors: [{ index: 1, code: 121, errInfo }] });
    const found = { failingDocumentId: 1, details: { operatorName: '$jsonSchema' } };
    const updated = await ask({ update: 'checked', updates: [{ q: { n: 1 }, u: { $unset: { n: 1 } } }] });
    expect(updated).toMatchObject({ writeErrors: [{ index: 0, code: 121, errInfo: found }] });
    const modified = await ask({ findAndModify: 'checked', query: { n: 1 }, update: { $unset: { n: 1 } } });
    expect(modified).toMatchObject({ ok: 0, code: 121, errInfo: found });
  });

  describe('explain', () => {
    const planOf = async (command: Fields) => {
      const reply = await ask({ explain: command, verbosity: 'queryPlanner' });
      const { postgres: _postgres, ...plan } = (reply.queryPlanner as { winningPlan: Fields }).winningPlan;
      return plan;
    };
    const scan = { stage: 'COLLSCAN' };
    const byIndex = { stage: 'FETCH', inputStage: { stage: 'IXSCAN', indexName: 'a_1' } };
    it.each<[string, Fields, Fields]>([
      ['no index', { find: 'things', filter: { b: 'x' } }, scan],
      ['no condition', { find: 'things' }, scan],
      ['an index', { find: 'things', filter: { a: 5 } }, byIndex],
      ['an id', { find: 'things', filter: { _id: 5 } }, { stage: 'IDHACK' }],
      ['a sort', { find: 'things', filter: { a: 5 }, sort: { b: 1 } }, { stage: 'SORT', inputStage: byIndex }],
      ['an update', { update: 'things', updates: [{ q: { a: 5 }, u: { $set: { c: 1 } } }] }, byIndex],
      ['a delete', { delete: 'things', deletes: [{ q: { b: 'x' }, limit: 0 }] }, scan],
      ['a count', { count: 'things', query: { a: 5 } }, byIndex],
    ])('of %s', async (_name, command, plan) => {
      expect(await planOf(command)).toMatchObject(plan);
    });

    it('is what an aggregate that asks for it gets', async () => {
      const reply = await ask({ aggregate: 'things', pipeline: [{ $match: { a: 5 } }], explain: true });
      expect(reply).toMatchObject({ queryPlanner: { winningPlan: byIndex }, ok: 1 });
    });
  });

  it('counts operations', async () => {
    const countsOf = async () => (await ask({ serverStatus: 1 })).opcounters as Record<string, number>;
    const before = await countsOf();
    await ask({ insert: 'counted', documents: [{ _id: 1 }, { _id: 2 }] });
    await ask({ update: 'counted', updates: [{ q: {}, u: { $set: { a: 1 } } }] });
    await ask({ find: 'counted' });
    await ask({ delete: 'counted', deletes: [{ q: {}, limit: 0 }] });
    const after = await countsOf();
    const grown = Object.fromEntries(Object.keys(after).map((name) => [name, after[name]! - before[name]!]));
    expect(grown).toMatchObject({ insert: 2, update: 1, query: 1, delete: 1, getmore: 0, command: 1 });
  });
});
