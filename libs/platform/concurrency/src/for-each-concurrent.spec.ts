import { forEachConcurrent } from './for-each-concurrent';

describe('forEachConcurrent', () => {
  it('works on everything, in order, so many at a time', async () => {
    const seen: number[] = [];
    let [running, most] = [0, 0];
    await forEachConcurrent([0, 1, 2, 3, 4, 5, 6], 3, async (item) => {
      seen.push(item);
      most = Math.max(most, (running += 1));
      await new Promise(setImmediate);
      running -= 1;
    });
    expect(seen).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(most).toBe(3);
    await forEachConcurrent([], 3, () => Promise.reject(new Error('there is nothing')));
  });

  it('takes an item when there is room for it', async () => {
    const taken: number[] = [];
    function* items() {
      for (let item = 0; item < 4; item += 1) {
        taken.push(item);
        yield item;
      }
    }
    const ends: (() => void)[] = [];
    const all = forEachConcurrent(items(), 2, () => new Promise<void>((resolve) => ends.push(resolve)));
    expect(taken).toEqual([0, 1]);
    ends[1]!();
    await new Promise(setImmediate);
    expect(taken).toEqual([0, 1, 2]);
    for (let at = 0; at < 4; at += 1) {
      ends[at]!();
      await new Promise(setImmediate);
    }
    await all;
  });

  it('begins nothing after a failure, and throws it when what was under way has ended', async () => {
    const log: string[] = [];
    const work = async (item: number) => {
      if (item === 1) throw new Error('failed');
      await new Promise(setImmediate);
      log.push(`${item} ended`);
    };
    await expect(forEachConcurrent([0, 1, 2, 3], 2, work)).rejects.toThrow('failed');
    expect(log).toEqual(['0 ended']);
  });
});
