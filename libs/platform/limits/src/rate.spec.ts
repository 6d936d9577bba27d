import { windowOf } from './rate';

describe('windowOf', () => {
  it.each([
    [20, 20, 60],
    [120, 120, 60],
    [299, 50, 10],
    [600, 100, 10],
    [2_990, 50, 1],
    [3_000, 50, 1],
    [300_000, 5_000, 1],
  ])('%d a minute are %d points in %d s', (perMinute, points, seconds) => {
    expect(windowOf(perMinute)).toEqual({ points, seconds });
  });
});
