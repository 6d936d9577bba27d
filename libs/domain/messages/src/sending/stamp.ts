/** A moment on two clocks. Both clocks run on while a process is stopped; while the machine sleeps, only the wall clock does. */
export interface Stamp {
  monotonicMs: number;
  wallMs: number;
}

export const stampNow = (): Stamp => ({ monotonicMs: performance.now(), wallMs: Date.now() });

/** The age on the clock that has advanced more. */
export const ageMs = ({ monotonicMs, wallMs }: Stamp): number =>
  Math.max(performance.now() - monotonicMs, Date.now() - wallMs);

export const earlierOf = (a: Stamp, b: Stamp): Stamp => (ageMs(a) > ageMs(b) ? a : b);
