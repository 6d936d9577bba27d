/**
 * The token bucket algorithm: `perSecond` tokens come in evenly, and `burst` of them fit in. A new bucket is full. Times are in
 * milliseconds by `performance.now()`.
 */
export class TokenBucket {
  private tokens: number;

  constructor(
    private readonly perSecond: number,
    private readonly burst: number,
    private filledAtMs: number,
  ) {
    this.tokens = burst;
  }

  /** Whether `spend` would refuse now. */
  isEmpty(nowMs: number): boolean {
    this.fill(nowMs);
    return this.tokens < 1;
  }

  /**
   * Takes `tokens` when at least one is there. Missing tokens become a debt, which keeps the bucket empty for longer.
   * @returns false when the bucket is empty; then nothing is taken
   */
  spend(tokens: number, nowMs: number): boolean {
    if (this.isEmpty(nowMs)) return false;
    this.tokens -= tokens;
    return true;
  }

  /** Takes an amount that cannot be refused any more. @returns the seconds until nothing is owed; 0 when nothing is */
  charge(tokens: number, nowMs: number): number {
    this.fill(nowMs);
    this.tokens -= tokens;
    return Math.max(0, -this.tokens / this.perSecond);
  }

  private fill(nowMs: number): void {
    this.tokens = Math.min(this.burst, this.tokens + ((nowMs - this.filledAtMs) / 1000) * this.perSecond);
    this.filledAtMs = nowMs;
  }
}
