const TIMES_THE_LIMIT = 10;
const SECONDS_ON_END = 5;

/**
 * Distinguishes a flood from a client that is a little too fast or that sends its offline messages at once: a flood is ten times
 * the limit for several seconds on end. Refused packets count too.
 */
export class FloodDetector {
  private count = 0;
  private seconds = 0;

  constructor(
    private readonly limitPerSecond: number,
    private sinceMs: number,
  ) {}

  /** Call it for each packet. @returns whether the flood has lasted too long */
  arrived(nowMs: number): boolean {
    const elapsedMs = nowMs - this.sinceMs;
    if (elapsedMs >= 1000) {
      const tooMany = (this.count * 1000) / elapsedMs >= TIMES_THE_LIMIT * this.limitPerSecond;
      this.seconds = tooMany ? this.seconds + 1 : 0;
      this.count = 0;
      this.sinceMs = nowMs;
    }
    this.count += 1;
    return this.seconds >= SECONDS_ON_END;
  }
}
