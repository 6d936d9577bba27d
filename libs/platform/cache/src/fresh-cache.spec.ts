import { FreshCache } from './fresh-cache';

describe('FreshCache', () => {
  it('loads once for concurrent callers, and keeps the answer, also when it is none', async () => {
    const cache = new FreshCache<string | null>(10);
    const load = jest.fn(() => Promise.resolve(null));
    await Promise.all([cache.get('a', load), cache.get('a', load)]);
    expect(await cache.get('a', load)).toBeNull();
    expect(load).toHaveBeenCalledTimes(1);
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

  it('forgets after its time', async () => {
    const cache = new FreshCache<number>(10, 1);
    await cache.get('a', () => Promise.resolve(1));
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(cache.peek('a')).toBeUndefined();
  });
});
