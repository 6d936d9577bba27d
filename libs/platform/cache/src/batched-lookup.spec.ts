import { BatchedLookup } from './batched-lookup';

describe('BatchedLookup', () => {
  it('has one query at a time, however many ask, and each is told of its own', async () => {
    const queries: string[][] = [];
    const lookup = new BatchedLookup(async (keys) => {
      queries.push(keys);
      await new Promise(setImmediate);
      return new Map(keys.filter((key) => key.startsWith('real')).map((key) => [key, key.toUpperCase()]));
    });
    const asked = ['made up', 'real 1', 'made up', 'other', 'real 2', 'real 2'];
    const first = lookup.find('before');
    await new Promise(process.nextTick);
    const answers = await Promise.all(asked.map((key) => lookup.find(key)));
    expect([await first, ...answers]).toEqual([null, null, 'REAL 1', null, null, 'REAL 2', 'REAL 2']);
    expect(queries).toEqual([['before'], ['made up', 'real 1', 'other', 'real 2']]);
  });
});
