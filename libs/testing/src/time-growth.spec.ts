import { LINEAR_GROWTH, timeGrowth } from './time-growth';

const pairs = (length: number) => () => {
  let sum = 0;
  for (let one = 0; one < length; one++) for (let other = 0; other < length; other++) sum += one ^ other;
  return sum;
};
const each = (length: number) => () => {
  let sum = 0;
  for (let one = 0; one < length; one++) sum += one ^ length;
  return sum;
};

describe('timeGrowth', () => {
  it('is about 2 where time is linear, also for work that promises its end', async () => {
    expect(await timeGrowth(each(50_000), each(100_000))).toBeLessThanOrEqual(LINEAR_GROWTH);
    expect(
      await timeGrowth(
        () => Promise.resolve(each(50_000)()),
        () => Promise.resolve(each(100_000)()),
      ),
    ).toBeLessThanOrEqual(LINEAR_GROWTH);
  });

  it('is about 4 where time grows with the square, and tells the two apart', async () =>
    expect(await timeGrowth(pairs(500), pairs(1000), Infinity)).toBeGreaterThan(LINEAR_GROWTH));
});
