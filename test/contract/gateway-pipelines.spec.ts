import { describeGateway, GatewayProcess, WireClient } from './gateway.support';

type Fields = Record<string, unknown>;

/** Stages that the engine does otherwise than MongoDB: mended, or refused. */
describeGateway('Pipelines', (postgres) => {
  const $db = `gateway_pipelines_${process.pid}`;
  let gateway: GatewayProcess;
  let client: WireClient;

  beforeAll(async () => {
    gateway = await GatewayProcess.start(postgres);
    client = await WireClient.connect(gateway.port);
    const documents = [1, 2, 3, 4].map((_id) => ({ _id, g: _id % 2 ? 'odd' : 'even' }));
    await client.command({ insert: 'things', documents, $db });
  });
  afterAll(async () => {
    await client.command({ dropDatabase: 1, $db });
    client.close();
    await gateway.end();
  });
  const run = (pipeline: Fields[], aggregate: string | number = 'things') =>
    client.command({ aggregate, pipeline, cursor: {}, $db });

  const prune = { $redact: { $cond: [{ $eq: ['$g', 'odd'] }, '$$KEEP', '$$PRUNE'] } };
  const count = { $count: 'n' };
  const none = { $match: { _id: 9 } };
  it.each<[string, Fields[], Fields[]]>([
    ['what is redacted is not counted', [prune, count], [{ n: 2 }]],
    ['nor grouped', [prune, { $group: { _id: '$g', n: { $sum: 1 } } }], [{ _id: 'odd', n: 2 }]],
    ['nor skipped', [{ $sort: { _id: 1 } }, prune, { $skip: 1 }], [{ _id: 3, g: 'odd' }]],
    ['nor taken for the first', [{ $sort: { _id: -1 } }, prune, { $limit: 1 }], [{ _id: 3, g: 'odd' }]],
    ['without an id neither', [{ $project: { _id: 0 } }, prune, count], [{ n: 2 }]],
    ['twice neither', [prune, prune, count], [{ n: 2 }]],
    [
      'in a facet neither',
      [{ $facet: { some: [prune, count], all: [count] } }],
      [{ some: [{ n: 2 }], all: [{ n: 4 }] }],
    ],
    ['in a union neither', [{ $unionWith: { coll: 'things', pipeline: [prune] } }, count], [{ n: 6 }]],
    [
      'in a lookup neither',
      [
        { $limit: 1 },
        { $lookup: { from: 'things', pipeline: [prune, count], as: 'x' } },
        { $project: { _id: 0, x: 1 } },
      ],
      [{ x: [{ n: 2 }] }],
    ],
    ['a count of nothing is no document', [none, count], []],
    ['in a facet neither', [{ $facet: { x: [none, count] } }], [{ x: [] }]],
    ['a count in a group counts', [{ $group: { _id: null, n: { $count: {} } } }], [{ _id: null, n: 4 }]],
  ])('%s', async (_name, pipeline, firstBatch) => {
    expect(await run(pipeline)).toMatchObject({ ok: 1, cursor: { firstBatch } });
  });

  it.each<[string, Fields[], string | number]>([
    ['documents into another collection', [{ $documents: [{ _id: 7 }] }, { $merge: 'other' }], 1],
    ['documents into a new one', [{ $documents: [{ _id: 7 }] }, { $set: { a: 1 } }, { $out: 'other' }], 1],
    [
      'statistics into another',
      [{ $collStats: { count: {} } }, { $project: { _id: { $literal: 1 } } }, { $merge: 'other' }],
      'things',
    ],
  ])('refuses %s', async (_name, pipeline, source) => {
    expect(await run(pipeline, source)).toMatchObject({ ok: 0, code: 115 });
    expect(await client.command({ find: 'other', $db })).toMatchObject({ cursor: { firstBatch: [] } });
  });

  it('are mended in a view', async () => {
    const view = { create: 'pruned', viewOn: 'things', pipeline: [prune], $db };
    expect(await client.command(view)).toMatchObject({ ok: 1 });
    expect(await client.command(view)).toMatchObject({ ok: 1 });
    const counted = { aggregate: 'pruned', pipeline: [{ $group: { _id: null, n: { $sum: 1 } } }], cursor: {}, $db };
    expect(await client.command(counted)).toMatchObject({ cursor: { firstBatch: [{ _id: null, n: 2 }] } });
  });

  it('takes documents for themselves', async () => {
    expect(await run([{ $documents: [{ a: 1 }, { a: 2 }] }, { $match: { a: 2 } }], 1)).toMatchObject({
      cursor: { firstBatch: [{ a: 2 }] },
    });
  });

  it.each<[string, unknown, number | undefined]>([
    ['numbers', [1, 9], undefined],
    ['documents', [{ a: 1 }, { b: 2 }], 2],
    ['a number and a date', [1, new Date()], 2],
    ['a text', 'half', 2],
    ['one number', [1], 2],
  ])('densifies within bounds of %s, or says that it does not', async (_what, bounds, code) => {
    const answer = await run([{ $densify: { field: '_id', range: { step: 1, bounds } } }]);
    expect(answer.code).toBe(code);
  });
});
