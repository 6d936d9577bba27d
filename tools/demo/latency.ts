/** Milliseconds that a kind of call took, as its caller saw it: repeated attempts included. */
export class Latency {
  private readonly samples: number[] = [];

  get count(): number {
    return this.samples.length;
  }

  async time<T>(work: () => Promise<T>): Promise<T> {
    const startedAt = performance.now();
    const result = await work();
    this.samples.push(performance.now() - startedAt);
    return result;
  }

  /** `0.5` is the median. NaN when nothing was measured. */
  percentile(fraction: number): number {
    const sorted = this.samples.toSorted((a, b) => a - b);
    return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * fraction))] ?? NaN;
  }
}
