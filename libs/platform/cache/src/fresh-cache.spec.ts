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

  it('loads anew past half of its time, while its caller already has what is known', async () => {
    const now = jest.spyOn(performance, 'now').mockReturnValue(10_000);
    try {
      const cache = new FreshCache<string>(10, 1_000);
      await cache.get('a', () => Promise.resolve('first'));
      await at(now, 10_400);
      expect(await cache.get('a', () => Promise.resolve('too early'))).toBe('first');
      await at(now, 10_600);
      expect(await cache.get('a', () => Promise.reject(new Error('away')))).toBe('first');
      await at(now, 10_620);
      let finish!: (value: string) => void;
      expect(await cache.get('a', () => new Promise((resolve) => (finish = resolve)))).toBe('first');
      expect(await cache.get('a', () => Promise.resolve('twice at once'))).toBe('first');
      finish('second');
      await at(now, 11_100);
      expect(cache.peek('a')).toBe('second');
    } finally {
      now.mockRestore();
    }
  });

  it('does not keep what was loaded ahead when the key was invalidated', async () => {
    const now = jest.spyOn(performance, 'now').mockReturnValue(10_000);
    try {
      const cache = new FreshCache<string>(10, 1_000);
      await cache.get('a', () => Promise.resolve('first'));
      await at(now, 10_600);
      let finish!: (value: string) => void;
      await cache.get('a', () => new Promise((resolve) => (finish = resolve)));
      cache.forget('a');
      finish('of before');
      await at(now, 10_610);
      expect(cache.peek('a')).toBeUndefined();
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

/** The cache looks at the clock once a millisecond at most. */
async function at(now: jest.SpyInstance<number, []>, ms: number): Promise<void> {
  now.mockReturnValue(ms);
  await new Promise((resolve) => setTimeout(resolve, 3));
}
