import { Batcher } from './batcher';

const OPTIONS = {
  maxBatch: 64,
  queue: { max: 1_000, overloaded: { code: 'busy', detail: 'Too much is waiting.', retryAfterSeconds: 2 } },
};

describe('Batcher', () => {
  it('runs one at a time for a key, and what came meanwhile as one', async () => {
    const batches: number[][] = [];
    let running = 0;
    const work = async (items: number[]) => {
      expect((running += 1)).toBe(1);
      await new Promise(setImmediate);
      batches.push(items);
      running -= 1;
      return items.map((item) => item * 10);
    };
    const batcher = new Batcher(work, { ...OPTIONS, maxBatch: 3 });
    const first = batcher.run('a', 0);
    await new Promise(process.nextTick);
    const answers = await Promise.all([1, 2, 3, 4, 5].map((item) => batcher.run('a', item)));
    expect([await first, ...answers]).toEqual([0, 10, 20, 30, 40, 50]);
    expect(batches).toEqual([[0], [1, 2, 3], [4, 5]]);
    expect(await batcher.run('a', 5)).toBe(50);
  });

  it('runs together what comes in one turn', async () => {
    const work = jest.fn((items: number[]) => Promise.resolve(items));
    const batcher = new Batcher(work, OPTIONS);
    await Promise.all([1, 2, 3].map((item) => batcher.run('a', item)));
    expect(work.mock.calls).toEqual([[[1, 2, 3]]]);
  });

  it('runs different keys side by side', async () => {
    const open: (() => void)[] = [];
    const batcher = new Batcher<string, string>(async (items) => {
      await new Promise<void>((resolve) => open.push(resolve));
      return items;
    }, OPTIONS);
    const answers = Promise.all([batcher.run('a', 'a'), batcher.run('b', 'b')]);
    await new Promise(setImmediate);
    expect(open).toHaveLength(2);
    for (const each of open) each();
    expect(await answers).toEqual(['a', 'b']);
  });

  it('throws a failure to those it befell, and goes on', async () => {
    let failing = true;
    const work = (items: number[]) => (failing ? Promise.reject(new Error('away')) : Promise.resolve(items));
    const batcher = new Batcher(work, OPTIONS);
    await expect(batcher.run('a', 1)).rejects.toThrow('away');
    failing = false;
    expect(await batcher.run('a', 2)).toBe(2);
  });

  it('says so when more wait than can soon be done', async () => {
    let go: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => (go = resolve));
    const work = async (items: number[]) => {
      await gate;
      return items;
    };
    const batcher = new Batcher(work, OPTIONS);
    const waiting = Array.from({ length: 1_000 }, (_, at) => batcher.run('a', at));
    await expect(batcher.run('a', -1)).rejects.toMatchObject({
      kind: 'unavailable',
      code: 'busy',
      retryAfterSeconds: 2,
    });
    go();
    expect(await Promise.all(waiting)).toHaveLength(1_000);
  });

  it('closes a batch before the item that makes it too large', async () => {
    const work = jest.fn((items: number[]) => Promise.resolve(items));
    const batcher = new Batcher(work, { maxBatch: 3, size: { of: (item: number) => item, max: 10 } });
    await Promise.all([20, 4, 6, 1, 1, 1, 1].map((item) => batcher.run('a', item)));
    expect(work.mock.calls).toEqual([[[20]], [[4, 6]], [[1, 1, 1]], [[1]]]);
  });

  it('starts at the end of the turn where that is wanted', async () => {
    const work = jest.fn((items: number[]) => Promise.resolve(items));
    const batcher = new Batcher(work, { maxBatch: 64, startsAfter: 'turn' });
    const first = batcher.run('a', 1);
    for (let microtasks = 0; microtasks < 10; microtasks += 1) await Promise.resolve();
    await Promise.all([first, batcher.run('a', 2)]);
    expect(work.mock.calls).toEqual([[[1, 2]]]);
  });

  it('runs the items of a failed batch singly where that is wanted, so that the others go on', async () => {
    const batches: number[][] = [];
    const work = (items: number[]) => {
      batches.push(items);
      return items.includes(2) ? Promise.reject(new Error('not 2')) : Promise.resolve(items);
    };
    const wanted = new Batcher(work, { ...OPTIONS, retriesSingly: (error) => (error as Error).message === 'not 2' });
    const outcomes = await Promise.allSettled([1, 2, 3].map((item) => wanted.run('a', item)));
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(batches).toEqual([[1, 2, 3], [1], [2], [3]]);
    const other = new Batcher(work, { ...OPTIONS, retriesSingly: () => false });
    const failed = await Promise.allSettled([1, 2, 3].map((item) => other.run('a', item)));
    expect(failed.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
  });

  it('lets the next batch begin while an answer is still a promise', async () => {
    let answer: (value: number) => void = () => undefined;
    const late = new Promise<number>((resolve) => (answer = resolve));
    const batcher = new Batcher<number, number>(
      (items) => Promise.resolve(items.map((item) => (item === 1 ? late : item))),
      {
        maxBatch: 1,
      },
    );
    const first = batcher.run('a', 1);
    expect(await batcher.run('a', 2)).toBe(2);
    answer(10);
    expect(await first).toBe(10);
  });
});
