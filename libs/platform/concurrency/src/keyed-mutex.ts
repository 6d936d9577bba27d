/**
 * Runs work of one key one after the other, in the order of the calls. Work of different keys runs side by side. It holds within this
 * process only.
 */
export class KeyedMutex {
  /** By key, settles when the work that was added last has ended. */
  private readonly tails = new Map<string, Promise<unknown>>();

  /**
   * Starts `work` in this turn when the key is free, otherwise when all earlier work of the key has ended or failed.
   * @throws what `work` throws; work that waits for the key runs nevertheless
   */
  async run<T>(key: string, work: () => Promise<T>): Promise<T> {
    const before = this.tails.get(key);
    const running = before ? before.then(work) : work();
    const tail = running.catch(() => undefined);
    this.tails.set(key, tail);
    try {
      return await running;
    } finally {
      if (this.tails.get(key) === tail) this.tails.delete(key);
    }
  }
}
