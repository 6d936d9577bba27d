import { CaasError } from '#caas/kernel';

export interface BatcherOptions<T> {
  /** How many items one batch has at most. */
  maxBatch: number;
  /** Closes a batch before the item with which it would exceed `max`. A batch has one item at least. */
  size?: { of: (item: T) => number; max: number };
  /** The bound of a key's queue. Without it the number of callers must be bounded elsewhere. */
  queue?: {
    /** How many items may wait for one key. */
    max: number;
    /** What callers beyond `max` get: a 503 with `retry_after`. */
    overloaded: { code: string; detail: string; retryAfterSeconds: number };
  };
  /**
   * When a first batch starts: after the microtasks that are queued already (the default), or at the end of the turn of the event
   * loop, so that it has everything that the turn brings.
   */
  startsAfter?: 'microtasks' | 'turn';
  /** Whether the items of a batch that failed with this error run again, each by itself and in their order. By default none does. */
  retriesSingly?: (error: unknown) => boolean;
}

interface Waiting<T, R> {
  item: T;
  resolve(result: R | Promise<R>): void;
  reject(error: unknown): void;
}

/**
 * Group commit. Work on one key runs in batches, one batch at a time. Items that come while a batch runs wait and share the next one.
 * Batches of different keys run side by side.
 */
export class Batcher<T, R> {
  private readonly waiting = new Map<string, Waiting<T, R>[]>();

  /**
   * @param work answers for each item, in order. Where an answer is a promise, the item's caller waits for it and the next batch does
   *   not. An error of `work` rejects all items of the batch, unless `retriesSingly`.
   */
  constructor(
    private readonly work: (items: T[]) => Promise<(R | Promise<R>)[]>,
    private readonly options: BatcherOptions<T>,
  ) {}

  /** @throws CaasError of kind `unavailable` (503) when the queue of the key is full, and whatever the work throws */
  run(key: string, item: T): Promise<R> {
    return new Promise((resolve, reject) => {
      const waiting = this.waiting.get(key);
      const { queue } = this.options;
      if (waiting && queue && waiting.length >= queue.max) return reject(overloaded(queue.overloaded));
      if (waiting) return void waiting.push({ item, resolve, reject });
      this.waiting.set(key, [{ item, resolve, reject }]);
      if (this.options.startsAfter === 'turn') setImmediate(() => void this.drain(key));
      else queueMicrotask(() => void this.drain(key));
    });
  }

  private async drain(key: string): Promise<void> {
    for (let waiting = this.waiting.get(key)!; waiting.length > 0;) await this.runBatch(this.nextBatch(waiting));
    this.waiting.delete(key);
  }

  private async runBatch(batch: Waiting<T, R>[]): Promise<void> {
    try {
      const results = await this.work(batch.map(({ item }) => item));
      batch.forEach(({ resolve }, at) => resolve(results[at]!));
    } catch (error) {
      if (batch.length === 1 || !this.options.retriesSingly?.(error))
        return batch.forEach(({ reject }) => reject(error));
      for (const each of batch) await this.runBatch([each]);
    }
  }

  private nextBatch(waiting: Waiting<T, R>[]): Waiting<T, R>[] {
    const { maxBatch, size } = this.options;
    if (!size) return waiting.splice(0, maxBatch);
    let count = 0;
    for (let sum = 0; count < waiting.length && count < maxBatch; count += 1) {
      sum += size.of(waiting[count]!.item);
      if (count > 0 && sum > size.max) break;
    }
    return waiting.splice(0, count);
  }
}

const overloaded = ({ code, detail, retryAfterSeconds }: NonNullable<BatcherOptions<unknown>['queue']>['overloaded']) =>
  new CaasError('unavailable', code, detail, [], { retryAfterSeconds });
