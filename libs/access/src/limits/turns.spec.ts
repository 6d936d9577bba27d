import { setImmediate as turn } from 'node:timers/promises';
import { Turns } from './turns';

describe('Turns', () => {
  it('have so much done in each, in order, and the rest later', async () => {
    const turns = new Turns(3);
    const done: number[] = [];
    for (let n = 1; n <= 8; n += 1) void turns.next().then(() => done.push(n));
    const seen: number[] = [];
    for (let n = 0; n < 4; n += 1) {
      await Promise.resolve();
      seen.push(done.length);
      await turn();
    }
    expect(seen).toEqual([3, 6, 8, 8]);
    expect(done).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  });

  it('begin anew when nothing waits', async () => {
    const turns = new Turns(1);
    await turns.next();
    await turn();
    const done = jest.fn();
    void turns.next().then(done);
    await Promise.resolve();
    expect(done).toHaveBeenCalledTimes(1);
  });
});
