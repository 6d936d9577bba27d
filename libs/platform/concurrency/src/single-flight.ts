/** Calls of one key that come while an earlier one is under way share its result. */
export class SingleFlight<T> {
  private readonly underway = new Map<string, Promise<T>>();

  /**
   * @param work not called while earlier work of the key is running
   * @throws what the running work throws, to all callers that share it; the failure is not kept, so the next call starts again
   */
  run(key: string, work: () => Promise<T>): Promise<T> {
    const known = this.underway.get(key);
    if (known) return known;
    const running = work().finally(() => this.underway.delete(key));
    this.underway.set(key, running);
    return running;
  }

  /** Resolves when all that is under way now has ended or failed. */
  async ended(): Promise<void> {
    await Promise.allSettled(this.underway.values());
  }
}
