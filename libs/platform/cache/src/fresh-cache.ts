import { LRUCache } from 'lru-cache';

/** No credential, tenant or user is believed longer than this after it changed (design §4). */
export const MAX_STALE_MS = 5_000;
/** Half of the limit: a value read just before a change lives on for its whole time. */
const TIME_TO_LIVE_MS = MAX_STALE_MS / 2;

/** Kept apart, so that what strangers make up pushes out nothing that is there. */
const MAX_ABSENCES = 10_000;

/**
 * A bounded cache of facts that may be a few seconds old. Concurrent misses of one key share one load; a failed load is not
 * kept; "there is none" is kept like any other answer. What is asked for past half of its time is loaded again while the
 * caller already has it, so that whoever asks often never waits, and nobody is told anything older for that.
 */
export class FreshCache<V> {
  private readonly entries: LRUCache<string, { value: V }>;
  private readonly absences: LRUCache<string, { value: V }>;
  private readonly loading = new Map<string, Promise<V>>();

  /** @param isAbsence whether a value says that there is nothing under its key */
  constructor(
    maxEntries: number,
    private readonly ttlMs = TIME_TO_LIVE_MS,
    private readonly isAbsence: (value: V) => boolean = (value) => value === null,
  ) {
    this.entries = new LRUCache({ max: maxEntries, ttl: ttlMs });
    this.absences = new LRUCache({ max: Math.min(maxEntries, MAX_ABSENCES), ttl: ttlMs });
  }

  /** What is known now, without waiting; undefined when nothing is. */
  peek(key: string): V | undefined {
    return (this.entries.get(key) ?? this.absences.get(key))?.value;
  }

  /** @param load may go on after the answer: nothing in it may end with the request that asked, as a transaction does */
  get(key: string, load: () => Promise<V>): Promise<V> {
    const known = this.entries.get(key);
    if (known) {
      // A failure here is nobody's: the value holds for its time, and whoever asks after that meets the failure themselves.
      if (this.entries.getRemainingTTL(key) < this.ttlMs / 2) this.load(key, load).catch(() => undefined);
      return Promise.resolve(known.value);
    }
    const absence = this.absences.get(key);
    return absence ? Promise.resolve(absence.value) : this.load(key, load);
  }

  private load(key: string, load: () => Promise<V>): Promise<V> {
    const underway = this.loading.get(key);
    if (underway) return underway;
    const promise = load().then((value) => {
      // Only if nobody invalidated the key meanwhile: what was loaded may be what has just changed.
      if (this.loading.get(key) === promise) this.keep(key, value);
      return value;
    });
    this.loading.set(key, promise);
    const done = () => {
      if (this.loading.get(key) === promise) this.loading.delete(key);
    };
    promise.then(done, done);
    return promise;
  }

  private keep(key: string, value: V): void {
    const [kept, other] = this.isAbsence(value) ? [this.absences, this.entries] : [this.entries, this.absences];
    other.delete(key);
    kept.set(key, { value });
  }

  forget(key: string): void {
    this.entries.delete(key);
    this.absences.delete(key);
    this.loading.delete(key);
  }

  forgetWhere(matches: (key: string) => boolean): void {
    for (const key of [...this.entries.keys(), ...this.absences.keys(), ...this.loading.keys()])
      if (matches(key)) this.forget(key);
  }
}
