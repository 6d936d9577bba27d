import { Together } from './together';

describe('Together', () => {
  it('runs one at a time for a key, and what came meanwhile as one', async () => {
    const groups: number[][] = [];
    let running = 0;
    const together = new Together<number, number>(async (items) => {
      expect((running += 1)).toBe(1);
      await new Promise(setImmediate);
      groups.push(items);
      running -= 1;
      return items.map((item) => item * 10);
    });
    const answers = await Promise.all([1, 2, 3, 4].map((item) => together.run('a', item)));
    expect(answers).toEqual([10, 20, 30, 40]);
    expect(groups).toEqual([[1], [2, 3, 4]]);
    expect(await together.run('a', 5)).toBe(50);
  });

  it('runs different keys side by side', async () => {
    const open: (() => void)[] = [];
    const together = new Together<string, string>(async (items) => {
      await new Promise<void>((resolve) => open.push(resolve));
      return items;
    });
    const answers = Promise.all([together.run('a', 'a'), together.run('b', 'b')]);
    expect(open).toHaveLength(2);
    for (const each of open) each();
    expect(await answers).toEqual(['a', 'b']);
  });

  it('throws a failure to those it befell, and goes on', async () => {
    let failing = true;
    const together = new Together<number, number>((items) =>
      failing ? Promise.reject(new Error('away')) : Promise.resolve(items),
    );
    await expect(together.run('a', 1)).rejects.toThrow('away');
    failing = false;
    expect(await together.run('a', 2)).toBe(2);
  });

  it('says so when more wait than can soon be done', async () => {
    let go: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => (go = resolve));
    const together = new Together<number, number>(async (items) => {
      await gate;
      return items;
    });
    const waiting = Array.from({ length: 1_001 }, (_, at) => together.run('a', at));
    await expect(together.run('a', -1)).rejects.toMatchObject({ code: 'too_many_changes' });
    go();
    expect(await Promise.all(waiting)).toHaveLength(1_001);
  });
});
