import { Batcher } from '#caas/platform/concurrency';

const LIMITS = {
  /** Of keys in one query: some milliseconds of an index. */
  maxBatch: 500,
  queue: {
    /** Some seconds of a busy engine. */
    max: 10_000,
    overloaded: {
      code: 'unavailable',
      detail: 'More look-ups are waiting than can soon be made. Try again.',
      retryAfterSeconds: 2,
    },
  },
};

/**
 * Looks up what strangers name, before anything is proved: ids of keys and of tenants. There is one query at a time, for all that
 * was asked for meanwhile. So made-up names cost the engine no more than that, and a real one waits for two queries at most.
 */
export class BatchedLookup<V> {
  private readonly batcher: Batcher<string, V | null>;

  /** @param read what is there of these keys; each is named once */
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
