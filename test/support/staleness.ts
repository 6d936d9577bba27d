import { waitFor } from '#caas/testing';

/** How long what was true before a change was still answered after it, in ms. */
export interface Staleness {
  /** From the first question to the beginning of the last one that was answered by the old; 0 when none was. */
  staleMs: number;
  /** What the slowest of the answers took: so long the machine may have held up the news as well. */
  slowestMs: number;
}

/** Asks again and again, from now on, until the answer is by the new. */
export async function untilNew(what: string, isNew: () => Promise<boolean>): Promise<Staleness> {
  const began = performance.now();
  const seen: Staleness = { staleMs: 0, slowestMs: 0 };
  await waitFor(what, 10_000, async () => {
    const asked = performance.now();
    const answer = await isNew();
    seen.slowestMs = Math.max(seen.slowestMs, performance.now() - asked);
    if (!answer) seen.staleMs = asked - began;
    return answer;
  });
  return seen;
}

/** Holds each to the bound, in ms. */
export function expectWithin(boundMs: number, ...all: Staleness[]): void {
  for (const { staleMs, slowestMs } of all) expect(staleMs).toBeLessThan(boundMs + slowestMs);
}
