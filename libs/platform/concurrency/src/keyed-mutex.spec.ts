import { KeyedMutex } from './keyed-mutex';

describe('KeyedMutex', () => {
  it('runs work of one key in the order of the calls, never two at once', async () => {
    const mutex = new KeyedMutex();
    const log: string[] = [];
    const work = (name: string) => async () => {
      log.push(`${name} begins`);
      await new Promise(setImmediate);
      log.push(`${name} ends`);
      return name;
    };
    const all = ['first', 'second', 'third'].map((name) => mutex.run('a', work(name)));
    expect(log).toEqual(['first begins']);
    expect(await Promise.all(all)).toEqual(['first', 'second', 'third']);
    expect(log).toEqual(['first', 'second', 'third'].flatMap((name) => [`${name} begins`, `${name} ends`]));
  });

  it('runs work of different keys side by side', async () => {
    const mutex = new KeyedMutex();
    const held = mutex.run('a', () => new Promise<never>(() => undefined));
    expect(await mutex.run('b', () => Promise.resolve('b'))).toBe('b');
    void held;
  });

  it('throws a failure to its caller alone, and goes on', async () => {
    const mutex = new KeyedMutex();
    const failing = mutex.run('a', () => Promise.reject(new Error('failed')));
    const next = mutex.run('a', () => Promise.resolve('next'));
    await expect(failing).rejects.toThrow('failed');
    expect(await next).toBe('next');
  });
});
