import { LRUCache } from 'lru-cache';

/** A changed credential, tenant or user is trusted no longer than this (design §4). */
export const MAX_STALE_MS = 5_000;
/** Leaves time for readers that check again every two seconds, as sockets do for the rights of their users. */
const TIME_TO_LIVE_MS = MAX_STALE_MS - 2_000;
/** A value that was read again is reloaded at this part of its time to live. */
const AHEAD_AT = 0.6;
/** Nobody waits for a reload, so reloads are gathered for this long and start together: a batched loader then makes one query of them. */
const GATHER_MS = 400;

/** Absences are kept apart, so that keys made up by strangers do not push out existing entries. */
const MAX_ABSENCES = 10_000;

interface Entry<V> {
  value: V;
  aheadAtMs: number;
  /** Whether it was read since it was loaded. */
  wasAsked: boolean;
}

/**
 * A bounded cache of facts that may be a few seconds old. The age of a value counts from the start of its load. Concurrent misses of
 * one key share one load. A failed load is not kept. "There is none" is kept like any other answer. A value that is read again is
 * reloaded before it expires, together with others, so a caller that reads often hardly ever waits.
 */
export class FreshCache<V> {
  private readonly entries: LRUCache<string, Entry<V>>;
  private readonly absences: LRUCache<string, Entry<V>>;
  private readonly loading = new Map<string, Promise<V>>();
  private readonly ahead = new Map<string, { entry: Entry<V>; load: () => Promise<V> }>();
  private timer: NodeJS.Timeout | null = null;

  /** @param isAbsence whether a value says that there is nothing under its key */
  constructor(
    maxEntries: number,
    private readonly ttlMs = TIME_TO_LIVE_MS,
    private readonly isAbsence: (value: V) => boolean = (value) => value === null,
  ) {
    // Reading the clock on each access costs less than the timer that would limit it to once a millisecond.
    const options = { ttl: ttlMs, ttlResolution: 0 };
    this.entries = new LRUCache({ max: maxEntries, ...options });
    this.absences = new LRUCache({ max: Math.min(maxEntries, MAX_ABSENCES), ...options });
  }

  /** The cached value, without waiting; undefined when there is none. */
  peek(key: string): V | undefined {
    return (this.entries.get(key) ?? this.absences.get(key))?.value;
  }

  /** @param load may outlive the request, so it must not use anything that ends with the request, such as a transaction */
  get(key: string, load: () => Promise<V>): Promise<V> {
    const known = this.entries.get(key);
    if (known) {
      if (!known.wasAsked) this.loadAhead(key, known, load);
      return Promise.resolve(known.value);
    }
    const absence = this.absences.get(key);
    return absence ? Promise.resolve(absence.value) : this.load(key, load);
  }

  private loadAhead(key: string, entry: Entry<V>, load: () => Promise<V>): void {
    entry.wasAsked = true;
    this.ahead.set(key, { entry, load });
    this.timer ??= setTimeout(() => this.loadGathered(), GATHER_MS).unref();
  }

  private loadGathered(): void {
    const now = performance.now();
    for (const [key, { entry, load }] of this.ahead) {
      if (entry.aheadAtMs > now) continue;
      this.ahead.delete(key);
      // No caller waits for this reload, so its failure is ignored: the value stays until it expires, and the next caller after
      // that gets the failure.
      if (this.entries.peek(key) === entry) this.load(key, load).catch(() => undefined);
    }
    this.timer = this.ahead.size === 0 ? null : setTimeout(() => this.loadGathered(), GATHER_MS).unref();
  }

  private load(key: string, load: () => Promise<V>): Promise<V> {
    const underway = this.loading.get(key);
    if (underway) return underway;
    const askedAtMs = performance.now();
    const promise = load().then((value) => {
      // Keep the value only if the key was not invalidated during the load: the loaded value may be from before the change.
      if (this.loading.get(key) === promise) this.keep(key, value, askedAtMs);
      return value;
    });
    this.loading.set(key, promise);
    const done = () => {
      if (this.loading.get(key) === promise) this.loading.delete(key);
    };
    promise.then(done, done);
    return promise;
  }

  private keep(key: string, value: V, askedAtMs: number): void {
    const [kept, other] = this.isAbsence(value) ? [this.absences, this.entries] : [this.entries, this.absences];
    other.delete(key);
    const entry = { value, aheadAtMs: askedAtMs + this.ttlMs * AHEAD_AT, wasAsked: false };
    kept.set(key, entry, { start: askedAtMs });
  }

  forget(key: string): void {
    this.entries.delete(key);
    this.absences.delete(key);
    this.loading.delete(key);
    this.ahead.delete(key);
  }

  forgetWhere(matches: (key: string) => boolean): void {
    for (const key of [...this.entries.keys(), ...this.absences.keys(), ...this.loading.keys()])
      if (matches(key)) this.forget(key);
  }
}
