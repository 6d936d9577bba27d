/** So many in a second, and `burst` at once: a bucket that fills by itself. */
export class TokenBucket {
  private left: number;

  constructor(
    private readonly perSecond: number,
    private readonly burst: number,
    private reckonedAtMs: number,
  ) {
    this.left = burst;
  }

  /** How many seconds until there is one to spend; 0 when there is. */
  waitSeconds(nowMs: number): number {
    this.refill(nowMs);
    return this.left >= 1 ? 0 : (1 - this.left) / this.perSecond;
  }

  /** @returns false when there is none */
  spend(nowMs: number): boolean {
    if (this.waitSeconds(nowMs) > 0) return false;
    this.left -= 1;
    return true;
  }

  /** Takes an amount that cannot be refused any more. @returns the seconds until it is paid for; 0 when it is */
  charge(amount: number, nowMs: number): number {
    this.refill(nowMs);
    this.left -= amount;
    return Math.max(0, -this.left / this.perSecond);
  }

  private refill(nowMs: number): void {
    this.left = Math.min(this.burst, this.left + ((nowMs - this.reckonedAtMs) / 1000) * this.perSecond);
    this.reckonedAtMs = nowMs;
  }
}
