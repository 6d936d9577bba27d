import { FreshCache } from './fresh-cache';

describe('FreshCache', () => {
  it('loads once for concurrent callers, and keeps the answer, also when it is none', async () => {
    const cache = new FreshCache<string | null>(10);
    const load = jest.fn(() => Promise.resolve(null));
    await Promise.all([cache.get('a', load), cache.get('a', load)]);
    expect(await cache.get('a', load)).toBeNull();
    expect(load).toHaveBeenCalledTimes(1);
  });

  it('loses nothing that is there to keys that strangers make up', async () => {
    const cache = new FreshCache<string | null>(10);
    await cache.get('real', () => Promise.resolve('value'));
    for (let made = 0; made < 100; made += 1) await cache.get(`made up ${made}`, () => Promise.resolve(null));
    expect([cache.peek('real'), cache.peek('made up 99'), cache.peek('made up 0')]).toEqual(['value', null, undefined]);
    cache.forget('made up 99');
    await cache.get('made up 99', () => Promise.resolve('made'));
    expect(cache.peek('made up 99')).toBe('made');
  });

  it('does not keep what was being loaded when the key was invalidated', async () => {
    const cache = new FreshCache<string>(10);
    let finish!: (value: string) => void;
    const slow = cache.get('a', () => new Promise((resolve) => (finish = resolve)));
    cache.forget('a');
    finish('old');
    expect(await slow).toBe('old');
    expect(await cache.get('a', () => Promise.resolve('new'))).toBe('new');
  });

  it('does not keep a failure', async () => {
    const cache = new FreshCache<string>(10);
    await expect(cache.get('a', () => Promise.reject(new Error('away')))).rejects.toThrow('away');
    expect(await cache.get('a', () => Promise.resolve('back'))).toBe('back');
  });

  it('loads anew near the end of its time, while its caller already has what is known', async () => {
    const now = jest.spyOn(performance, 'now').mockReturnValue(10_000);
    try {
      const cache = new FreshCache<string>(10, 1_000);
      await cache.get('a', () => Promise.resolve('first'));
      await at(now, 10_500);
      expect(await cache.get('a', () => Promise.resolve('too early'))).toBe('first');
      await at(now, 10_700, GATHERED);
      expect(await cache.get('a', () => Promise.reject(new Error('away')))).toBe('first');
      await at(now, 10_720, GATHERED);
      let finish!: (value: string) => void;
      expect(await cache.get('a', () => new Promise((resolve) => (finish = resolve)))).toBe('first');
      expect(await cache.get('a', () => Promise.resolve('twice at once'))).toBe('first');
      await at(now, 10_800, GATHERED);
      finish('second');
      await at(now, 11_100);
      expect(cache.peek('a')).toBe('second');
      // Counted from when it was asked for.
      await at(now, 11_790);
      expect(cache.peek('a')).toBe('second');
      await at(now, 11_810);
      expect(cache.peek('a')).toBeUndefined();
    } finally {
      now.mockRestore();
    }
  });

  it('does not keep what was loaded ahead when the key was invalidated', async () => {
    const now = jest.spyOn(performance, 'now').mockReturnValue(10_000);
    try {
      const cache = new FreshCache<string>(10, 1_000);
      await cache.get('a', () => Promise.resolve('first'));
      await at(now, 10_700);
      let finish!: (value: string) => void;
      await cache.get('a', () => new Promise((resolve) => (finish = resolve)));
      await at(now, 10_700, GATHERED);
      cache.forget('a');
      finish('of before');
      await at(now, 10_610);
      expect(cache.peek('a')).toBeUndefined();
    } finally {
      now.mockRestore();
    }
  });

  it('loads together what is to be loaded ahead, and not what was forgotten meanwhile', async () => {
    const now = jest.spyOn(performance, 'now').mockReturnValue(10_000);
    try {
      const cache = new FreshCache<string>(10, 1_000);
      for (const key of ['a', 'b', 'c']) await cache.get(key, () => Promise.resolve(`first ${key}`));
      await at(now, 10_700);
      let turns = 0;
      const turnsAtLoad: number[] = [];
      for (const key of ['a', 'b', 'c']) {
        await cache.get(key, () => {
          turnsAtLoad.push(turns);
          queueMicrotask(() => (turns += 1));
          return Promise.resolve(`second ${key}`);
        });
        turns += 1;
      }
      cache.forget('b');
      await at(now, 10_700, GATHERED);
      expect(turnsAtLoad).toEqual([3, 3]);
      expect(['a', 'b', 'c'].map((key) => cache.peek(key))).toEqual(['second a', undefined, 'second c']);
    } finally {
      now.mockRestore();
    }
  });

  it('forgets after its time', async () => {
    const cache = new FreshCache<number>(10, 1);
    await cache.get('a', () => Promise.resolve(1));
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(cache.peek('a')).toBeUndefined();
  });
});

/** Until what is loaded ahead has been gathered, which takes real time. */
const GATHERED = 450;

async function at(now: jest.SpyInstance<number, []>, ms: number, waitMs = 3): Promise<void> {
  now.mockReturnValue(ms);
  await new Promise((resolve) => setTimeout(resolve, waitMs));
}
