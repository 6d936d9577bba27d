import { LRUCache } from 'lru-cache';

/** No credential, tenant or user is believed longer than this after it changed (design §4). */
export const MAX_STALE_MS = 5_000;
/** Half of the limit: a value read just before a change lives on for its whole time. */
const TIME_TO_LIVE_MS = MAX_STALE_MS / 2;

/**
 * A bounded cache of facts that may be a few seconds old. Concurrent misses of one key share one load; a failed load is not
 * kept; "there is none" is kept like any other answer.
 */
export class FreshCache<V> {
  private readonly entries: LRUCache<string, { value: V }>;
  private readonly loading = new Map<string, Promise<V>>();

  constructor(maxEntries: number, ttlMs = TIME_TO_LIVE_MS) {
    this.entries = new LRUCache({ max: maxEntries, ttl: ttlMs });
  }

  /** What is known now, without waiting; undefined when nothing is. */
  peek(key: string): V | undefined {
    return this.entries.get(key)?.value;
  }

  get(key: string, load: () => Promise<V>): Promise<V> {
    const known = this.entries.get(key);
    if (known) return Promise.resolve(known.value);
    const underway = this.loading.get(key);
    if (underway) return underway;
    const promise = load().then((value) => {
      // Only if nobody invalidated the key meanwhile: what was loaded may be what has just changed.
      if (this.loading.get(key) === promise) this.entries.set(key, { value });
      return value;
    });
    this.loading.set(key, promise);
    const done = () => {
      if (this.loading.get(key) === promise) this.loading.delete(key);
    };
    promise.then(done, done);
    return promise;
  }

  forget(key: string): void {
    this.entries.delete(key);
    this.loading.delete(key);
  }

  forgetWhere(matches: (key: string) => boolean): void {
    for (const key of [...this.entries.keys(), ...this.loading.keys()]) if (matches(key)) this.forget(key);
  }
}
