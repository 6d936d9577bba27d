import { SingleFlight } from './single-flight';

describe('SingleFlight', () => {
  it('shares the result of what is under way, by key, and begins again afterwards', async () => {
    const flights = new SingleFlight<string>();
    const load = jest.fn((key: string) => Promise.resolve(key));
    const get = (key: string) => flights.run(key, () => load(key));
    expect(await Promise.all([get('a'), get('b'), get('a')])).toEqual(['a', 'b', 'a']);
    expect(load).toHaveBeenCalledTimes(2);
    await get('a');
    expect(load).toHaveBeenCalledTimes(3);
  });

  it('throws a failure to all who share it, and keeps nothing of it', async () => {
    const flights = new SingleFlight<string>();
    const failing = () => flights.run('a', () => Promise.reject(new Error('away')));
    const outcomes = await Promise.allSettled([failing(), failing()]);
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(await flights.run('a', () => Promise.resolve('there'))).toBe('there');
  });

  it('says when all that is under way has ended, also by failing', async () => {
    const flights = new SingleFlight<void>();
    const log: string[] = [];
    const ending = (name: string, error?: Error) => async () => {
      await new Promise(setImmediate);
      log.push(name);
      if (error) throw error;
    };
    const failing = flights.run('a', ending('a', new Error('away')));
    failing.catch(() => undefined);
    void flights.run('b', ending('b'));
    await flights.ended();
    expect(log).toEqual(['a', 'b']);
  });
});
