import { Batcher } from '#caas/platform/concurrency';

const LIMITS = {
  /** Keys in one query: it takes some milliseconds with an index. */
  maxBatch: 500,
  queue: {
    /** Some seconds of work for a busy engine. */
    max: 10_000,
    overloaded: {
      code: 'unavailable',
      detail: 'More look-ups are waiting than can soon be made. Try again.',
      retryAfterSeconds: 2,
    },
  },
};

/**
 * Looks up ids of keys and tenants that unauthenticated callers name. Only one query runs at a time, for all keys that were
 * requested in the meantime. So made-up ids cost the engine no more than that, and a real id waits for two queries at most.
 */
export class BatchedLookup<V> {
  private readonly batcher: Batcher<string, V | null>;

  /** @param read returns the entries found for these keys; each key is passed once */
  constructor(read: (keys: string[]) => Promise<ReadonlyMap<string, V>>) {
    this.batcher = new Batcher(async (keys) => {
      const found = await read([...new Set(keys)]);
      return keys.map((key) => found.get(key) ?? null);
    }, LIMITS);
  }

  /** @throws CaasError `unavailable` (503) when too many wait, and what `read` throws */
  find(key: string): Promise<V | null> {
    return this.batcher.run('', key);
  }
}
