import { setImmediate as turn } from 'node:timers/promises';
import { RateBudget, type Counted, type PointCounter } from './rate-budget';
import type { Rate } from './rate';

/** Time passes only where a test lets it, however slow the machine is. */
let clockMs = 0;
beforeEach(() => {
  jest.spyOn(performance, 'now').mockImplementation(() => clockMs);
});
afterEach(() => jest.restoreAllMocks());

const later = async (ms: number) => {
  clockMs += ms;
  await turn();
};

/** The common count. */
class Counter implements PointCounter {
  asked: number[] = [];
  isShared = true;
  private windows = new Map<string, { consumed: number; endsAtMs: number }>();

  constructor(private readonly msLeft = 60_000) {}

  async add(key: string, points: number): Promise<Counted> {
    this.asked.push(points);
    const known = this.windows.get(key);
    const window = known ?? { consumed: 0, endsAtMs: performance.now() + this.msLeft };
    this.windows.set(key, window);
    const consumed = (window.consumed += points);
    await turn();
    const msLeft = window.endsAtMs - performance.now();
    return { consumed, msLeft, isFirst: !known, isShared: this.isShared };
  }

  fill(key: string, points: number, seconds: number): void {
    this.windows.set(key, { consumed: points, endsAtMs: performance.now() + 1000 * seconds });
  }

  end(): void {
    this.windows.clear();
  }
}

const rate = (points: number, seconds = 60): Rate => ({ points, seconds, name: 'user-read', detail: 'Too many.' });
const now = () => performance.now();

async function passes(ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 1) await later(1);
}

async function admitted(budget: RateBudget, calls: number, cost = 1): Promise<number> {
  let count = 0;
  for (let call = 0; call < calls; call += 1) if (await budget.take(cost, now())) count += 1;
  return count;
}

describe('RateBudget', () => {
  it('admits exactly the rate in one window, on however many processes', async () => {
    const counter = new Counter();
    const budgets = Array.from({ length: 3 }, () => new RateBudget('k', rate(1_000), counter, 2));
    const counts = await Promise.all(budgets.map((budget) => admitted(budget, 1_000)));
    expect(counts.reduce((sum, count) => sum + count)).toBe(1_000);
    for (const count of counts) expect(count).toBeGreaterThan(0);
  });

  it('asks seldom, and not at all once there is nothing left', async () => {
    const counter = new Counter();
    const budget = new RateBudget('k', rate(1_000), counter, 2);
    expect(await admitted(budget, 500)).toBe(500);
    expect(counter.asked.length).toBeLessThan(50);
    expect(await admitted(budget, 700)).toBe(500);
    const asked = counter.asked.length;
    expect(budget.take(1, now())).toBe(false);
    expect(await admitted(budget, 1_000)).toBe(0);
    expect(counter.asked.length).toBe(asked);
    expect(budget.isExhausted(now())).toBe(true);
    expect(budget.refusal()).toMatchObject({ kind: 'too_many', code: 'rate_limited', retryAfterSeconds: 60 });
  });

  it('leaves the last points to whoever needs them', async () => {
    const counter = new Counter();
    const [one, other] = [new RateBudget('k', rate(100), counter, 2), new RateBudget('k', rate(100), counter, 2)];
    expect(await admitted(one, 10)).toBe(10);
    expect(await admitted(other, 200)).toBeGreaterThanOrEqual(75);
    expect(await admitted(one, 20)).toBeLessThanOrEqual(15);
  });

  it('asks nobody about who calls seldom, and counts those calls with the next', async () => {
    const counter = new Counter();
    const budget = new RateBudget('k', rate(100), counter, 2);
    expect([budget.take(1, now()), budget.take(1, now())]).toEqual([true, true]);
    expect([counter.asked, budget.remaining]).toEqual([[], 98]);
    expect(await admitted(budget, 200)).toBe(98);
    expect(counter.asked[0]).toBe(3);
    const other = new RateBudget('k', rate(100), counter, 2);
    expect(await admitted(other, 10)).toBe(2);
  });

  it('trusts nobody with what is limited by the hour', async () => {
    const counter = new Counter();
    expect(await admitted(new RateBudget('k', rate(200, 3_600), counter, 2), 10)).toBe(10);
    expect(counter.asked).toHaveLength(10);
  });

  it('answers calls that come at once with one question', async () => {
    const counter = new Counter();
    const budget = new RateBudget('k', rate(100), counter, 2);
    const answers = await Promise.all(Array.from({ length: 150 }, async () => budget.take(1, now())));
    expect(answers.filter(Boolean)).toHaveLength(100);
    expect(counter.asked.length).toBeLessThanOrEqual(3);
  });

  it('counts what is dear for more, and lets what is cheap have what is left', async () => {
    const budget = new RateBudget('k', rate(12), new Counter(), 2);
    expect(await admitted(budget, 3, 5)).toBe(2);
    expect(await admitted(budget, 5)).toBe(2);
    expect(await admitted(new RateBudget('k', rate(3), new Counter(), 2), 1, 5)).toBe(1);
  });

  it('begins anew with each window, and forgets what it held of the one before', async () => {
    const counter = new Counter(30);
    const budget = new RateBudget('k', rate(100), counter, 2);
    expect(await admitted(budget, 200)).toBe(100);
    const soon = now() + 40;
    counter.end();
    expect(budget.isExhausted(soon)).toBe(false);
    expect(await budget.take(1, soon)).toBe(true);
    expect(budget.remaining).toBe(99);
  });

  it('gives evenly to who asked for more than the rate in the second before, and at once to who did not', async () => {
    const counter = new Counter(200);
    const budget = new RateBudget('k', rate(100, 1), counter, 2);
    expect(await admitted(budget, 150)).toBe(100);
    await passes(250);
    counter.end();
    const start = now();
    let [count, shut] = [0, 0];
    for (; now() < start + 50; await later(0.25)) {
      if (await budget.take(1, now())) count += 1;
      if (budget.isExhausted(now())) shut += 1;
    }
    expect(count).toBeGreaterThanOrEqual(10);
    expect(count).toBeLessThanOrEqual(12 + (now() - start) / 10);
    expect(shut).toBeGreaterThan(0);
  });

  it('has what was given back, and what another rate gives at once', async () => {
    const counter = new Counter();
    const budget = new RateBudget('k', rate(10), counter, 2);
    expect(await admitted(budget, 20)).toBe(10);
    budget.giveBack(1);
    expect(await admitted(budget, 20)).toBe(1);
    budget.changeTo(rate(30));
    expect(await admitted(budget, 40)).toBeGreaterThanOrEqual(18);
    budget.changeTo(rate(5));
    expect(await admitted(budget, 40)).toBe(0);
  });

  it('admits its part of the rate when it counts alone', async () => {
    const counter = new Counter();
    counter.isShared = false;
    expect(await admitted(new RateBudget('k', rate(100), counter, 4), 200)).toBe(25);
  });

  it('withholds everything for so long', async () => {
    const counter = new Counter();
    const budget = new RateBudget('k', rate(100), counter, 2);
    expect(await budget.take(1, now())).toBe(true);
    budget.block(10, now());
    expect(await admitted(budget, 10)).toBe(0);
    // Elsewhere but for what is given on trust.
    expect(await admitted(new RateBudget('k', rate(100), counter, 2), 10)).toBe(2);
    expect(budget.refusal().retryAfterSeconds).toBe(10);
  });
});
