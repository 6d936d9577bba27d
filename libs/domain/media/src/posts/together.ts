import { CaasError } from '#caas/kernel';

/** More in one transaction would make each wait longer than it gains. */
const MAX_TOGETHER = 64;
/** Seconds of work for a busy engine: whoever comes later is better told so than kept waiting. */
const MAX_WAITING = 1_000;

interface Waiting<T, R> {
  item: T;
  resolve(result: R): void;
  reject(error: unknown): void;
}

/** Runs work on one thing one after the other: what comes meanwhile waits, and then goes together. */
export class Together<T, R> {
  private readonly waiting = new Map<string, Waiting<T, R>[]>();

  /** @param work answers for each item, in order; what it throws is thrown to all of them */
  constructor(private readonly work: (items: T[]) => Promise<R[]>) {}

  /** @throws CaasError `too_many_changes` (503) when more wait than can soon be done, and whatever the work throws */
  run(key: string, item: T): Promise<R> {
    return new Promise((resolve, reject) => {
      const waiting = this.waiting.get(key);
      if (waiting && waiting.length >= MAX_WAITING) return reject(tooManyChanges());
      if (waiting) return void waiting.push({ item, resolve, reject });
      this.waiting.set(key, [{ item, resolve, reject }]);
      void this.drain(key);
    });
  }

  private async drain(key: string): Promise<void> {
    for (let waiting = this.waiting.get(key)!; waiting.length > 0;) {
      const group = waiting.splice(0, MAX_TOGETHER);
      try {
        const results = await this.work(group.map(({ item }) => item));
        group.forEach(({ resolve }, at) => resolve(results[at]!));
      } catch (error) {
        group.forEach(({ reject }) => reject(error));
      }
    }
    this.waiting.delete(key);
  }
}

const tooManyChanges = () =>
  new CaasError('unavailable', 'too_many_changes', 'More changes of this post are waiting than can soon be made.', [], {
    retryAfterSeconds: 2,
  });
