import { AdaptiveThrottle } from './throttle';

const MOST = 1_000;

describe('AdaptiveThrottle', () => {
  it('works at full speed, many steps at once, while nothing happens', async () => {
    const throttle = new AdaptiveThrottle({ perSecond: () => 0 });
    let [atWork, most] = [0, 0];
    const work = async () => {
      most = Math.max(most, (atWork += 1));
      await new Promise(setImmediate);
      atWork -= 1;
    };
    await Promise.all([1, 2, 3].map(() => throttle.step(work)));
    expect([most, throttle.portion(MOST)]).toEqual([3, MOST]);
  });

  it.each([null, 100])('takes small steps, one at a time, beside %s events a second', async (perSecond) => {
    const throttle = new AdaptiveThrottle({ perSecond: () => perSecond });
    let [atWork, most] = [0, 0];
    const work = async () => {
      most = Math.max(most, (atWork += 1));
      await new Promise(setImmediate);
      atWork -= 1;
    };
    await Promise.all([1, 2, 3].map(() => throttle.step(work)));
    expect(most).toBe(1);
    expect(throttle.portion(MOST)).toBeLessThan(MOST / 4);
  });

  it('goes on after a step that failed', async () => {
    const throttle = new AdaptiveThrottle({ perSecond: () => 100 });
    await expect(throttle.step(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(await throttle.step(() => Promise.resolve(1))).toBe(1);
  });
});
