import { CaasError } from '#caas/kernel';

export interface BatcherOptions {
  /** Items that one run of the work takes at most. */
  maxBatch: number;
  /** Items that wait for one key at most. */
  maxWaiting: number;
  /** What is thrown to those beyond `maxWaiting`: a 503 and when to try again. */
  overloaded: { code: string; detail: string; retryAfterSeconds: number };
}

interface Waiting<T, R> {
  item: T;
  resolve(result: R): void;
  reject(error: unknown): void;
}

/**
 * Runs work on one thing one after the other. What comes in the same turn goes together; what comes meanwhile waits, and then goes
 * together.
 */
export class Batcher<T, R> {
  private readonly waiting = new Map<string, Waiting<T, R>[]>();

  /** @param work answers for each item, in order; what it throws is thrown to all of them */
  constructor(
    private readonly work: (items: T[]) => Promise<R[]>,
    private readonly options: BatcherOptions,
  ) {}

  /** @throws CaasError of kind `unavailable` (503) when more wait than can soon be done, and whatever the work throws */
  run(key: string, item: T): Promise<R> {
    return new Promise((resolve, reject) => {
      const waiting = this.waiting.get(key);
      if (waiting && waiting.length >= this.options.maxWaiting) return reject(this.overloaded());
      if (waiting) return void waiting.push({ item, resolve, reject });
      this.waiting.set(key, [{ item, resolve, reject }]);
      void this.drain(key);
    });
  }

  private async drain(key: string): Promise<void> {
    await Promise.resolve();
    for (let waiting = this.waiting.get(key)!; waiting.length > 0;) {
      const batch = waiting.splice(0, this.options.maxBatch);
      try {
        const results = await this.work(batch.map(({ item }) => item));
        batch.forEach(({ resolve }, at) => resolve(results[at]!));
      } catch (error) {
        batch.forEach(({ reject }) => reject(error));
      }
    }
    this.waiting.delete(key);
  }

  private overloaded(): CaasError {
    const { code, detail, retryAfterSeconds } = this.options.overloaded;
    return new CaasError('unavailable', code, detail, [], { retryAfterSeconds });
  }
}
