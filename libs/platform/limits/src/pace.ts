/** What may come at once, of a second's worth. */
const BURST = 0.1;

/** Points that come evenly: a bucket that fills by itself. */
export class Pace {
  private readonly burst: number;
  private left: number;

  constructor(
    private readonly perSecond: number,
    private reckonedAtMs: number,
  ) {
    this.burst = Math.max(1, BURST * perSecond);
    this.left = this.burst;
  }

  /** Also for more points than come at once: those are owed, and what follows waits the longer. @returns false when there are none */
  spend(points: number, nowMs: number): boolean {
    if (this.isShut(nowMs)) return false;
    this.left -= points;
    return true;
  }

  isShut(nowMs: number): boolean {
    this.left = Math.min(this.burst, this.left + ((nowMs - this.reckonedAtMs) / 1000) * this.perSecond);
    this.reckonedAtMs = nowMs;
    return this.left < 1;
  }
}
