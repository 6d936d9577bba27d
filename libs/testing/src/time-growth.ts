/** Below this, a measurement says more about the clock than about the work. */
const SHORTEST_MS = 0.3;
const MOST_CALLS = 2 ** 14;
const LEAST_ROUNDS = 2;
/** Then the answer is what it is. */
const LONGEST_MS = 8_000;

/**
 * Between linear (2) and the square (4). Caches and collections make twice the work up to 2.25 times as long on a machine that others
 * use too.
 */
export const LINEAR_GROWTH = 2.6;

type Work = () => unknown;

/**
 * How many times as long `whole` takes as `half`: about 2 where time is linear, 4 where it grows with the square. Both are done in
 * turn, as often as a clock can measure, and the shortest time of each counts: what else the machine does only makes times longer.
 * @param enough more rounds follow while the answer is larger, since more rounds only bring both times closer to what they are
 */
export async function timeGrowth(half: Work, whole: Work, enough = LINEAR_GROWTH): Promise<number> {
  const until = performance.now() + LONGEST_MS;
  let calls = 1;
  let [halfMs, wholeMs] = [Infinity, Infinity];
  for (let rounds = 0; ; rounds++) {
    halfMs = Math.min(halfMs, await timeOf(half, calls));
    wholeMs = Math.min(wholeMs, await timeOf(whole, calls));
    if (halfMs < SHORTEST_MS && calls < MOST_CALLS) {
      calls *= 2;
      rounds = 0;
      [halfMs, wholeMs] = [Infinity, Infinity];
    } else if ((rounds >= LEAST_ROUNDS && wholeMs / halfMs <= enough) || performance.now() > until) break;
  }
  return wholeMs / halfMs;
}

async function timeOf(work: Work, calls: number): Promise<number> {
  const began = performance.now();
  for (let call = 0; call < calls; call++) {
    const result = work();
    if (result instanceof Promise) await result;
  }
  return performance.now() - began;
}
