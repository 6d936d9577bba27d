import { TokenBucket } from './token-bucket';

describe('TokenBucket', () => {
  it('gives its burst at once, then one as soon as one has come in', () => {
    const bucket = new TokenBucket(10, 3, 0);
    expect([1, 2, 3, 4].map(() => bucket.spend(1, 0))).toEqual([true, true, true, false]);
    expect(bucket.spend(1, 99)).toBe(false);
    expect(bucket.isEmpty(100)).toBe(false);
    expect(bucket.spend(1, 100)).toBe(true);
    expect(bucket.isEmpty(100)).toBe(true);
  });

  it('never holds more than its burst', () => {
    const bucket = new TokenBucket(10, 3, 0);
    expect([1, 2, 3, 4].map(() => bucket.spend(1, 60_000))).toEqual([true, true, true, false]);
  });

  it('owes what is beyond it, and refuses until that has come in and one more', () => {
    const bucket = new TokenBucket(10, 3, 0);
    expect(bucket.spend(8, 0)).toBe(true);
    expect(bucket.spend(1, 500)).toBe(false);
    expect(bucket.spend(1, 600)).toBe(true);
  });

  it('says how long a charge is owed', () => {
    const bucket = new TokenBucket(10, 3, 0);
    expect(bucket.charge(2, 0)).toBe(0);
    expect(bucket.charge(6, 0)).toBe(0.5);
    expect(bucket.charge(0, 500)).toBe(0);
  });
});
