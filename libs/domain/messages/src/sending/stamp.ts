/** A moment by both clocks of a machine: a process that was stopped shows on either, a machine that slept only on the wall's. */
export interface Stamp {
  monotonicMs: number;
  wallMs: number;
}

export const stampNow = (): Stamp => ({ monotonicMs: performance.now(), wallMs: Date.now() });

/** By the clock by which more has passed. */
export const ageMs = ({ monotonicMs, wallMs }: Stamp): number =>
  Math.max(performance.now() - monotonicMs, Date.now() - wallMs);

export const earlierOf = (a: Stamp, b: Stamp): Stamp => (ageMs(a) > ageMs(b) ? a : b);
