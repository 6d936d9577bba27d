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

  describe('of what is asked for again', () => {
    const LONG_MS = 1_000;
    let now: jest.SpyInstance<number, []>;
    let cache: FreshCache<string>;
    beforeEach(() => {
      jest.useFakeTimers({ doNotFake: ['performance'] });
      now = jest.spyOn(performance, 'now').mockReturnValue(10_000);
      cache = new FreshCache<string>(10, LONG_MS);
    });
    afterEach(() => {
      jest.useRealTimers();
      now.mockRestore();
    });

    async function at(ms: number): Promise<void> {
      now.mockReturnValue(ms);
      await jest.advanceTimersByTimeAsync(400);
    }

    it('loads it before the end of its time, and its caller has what is known', async () => {
      await cache.get('a', () => Promise.resolve('first'));
      let finish!: (value: string) => void;
      const load = jest.fn(() => new Promise<string>((resolve) => (finish = resolve)));
      expect(await cache.get('a', load)).toBe('first');
      await at(10_590);
      expect(load).not.toHaveBeenCalled();
      await at(10_600);
      expect(load).toHaveBeenCalledTimes(1);
      expect(await cache.get('a', () => Promise.resolve('twice at once'))).toBe('first');
      finish('second');
      await at(10_990);
      expect(cache.peek('a')).toBe('second');
      // Counted from when it was asked for; it was not asked for again.
      await at(11_590);
      expect(cache.peek('a')).toBe('second');
      await at(11_610);
      expect(cache.peek('a')).toBeUndefined();
      expect(jest.getTimerCount()).toBe(0);
    });

    it('keeps what is known where that fails', async () => {
      await cache.get('a', () => Promise.resolve('first'));
      await cache.get('a', () => Promise.reject(new Error('away')));
      await at(10_600);
      expect(cache.peek('a')).toBe('first');
      await at(11_001);
      expect(cache.peek('a')).toBeUndefined();
    });

    it('loads it together with others, and not what was forgotten meanwhile', async () => {
      const loaded: string[] = [];
      for (const key of ['a', 'b', 'c']) {
        await cache.get(key, () => Promise.resolve(`first ${key}`));
        await cache.get(key, () => {
          loaded.push(key);
          queueMicrotask(() => loaded.push('end of the turn'));
          return Promise.resolve(`second ${key}`);
        });
      }
      cache.forget('b');
      await at(10_700);
      expect(loaded).toEqual(['a', 'c', 'end of the turn', 'end of the turn']);
      expect(['a', 'b', 'c'].map((key) => cache.peek(key))).toEqual(['second a', undefined, 'second c']);
    });

    it('does not keep what was loaded ahead when the key was invalidated', async () => {
      await cache.get('a', () => Promise.resolve('first'));
      let finish!: (value: string) => void;
      await cache.get('a', () => new Promise((resolve) => (finish = resolve)));
      await at(10_700);
      cache.forget('a');
      finish('of before');
      await at(10_710);
      expect(cache.peek('a')).toBeUndefined();
    });
  });

  it('forgets after its time', async () => {
    const cache = new FreshCache<number>(10, 1);
    await cache.get('a', () => Promise.resolve(1));
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(cache.peek('a')).toBeUndefined();
  });
});
