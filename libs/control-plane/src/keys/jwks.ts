import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { CaasError, Clock, invalid } from '#caas/kernel';
import type { SigningKey } from '#caas/access';
import { InjectConfig, runtimeConfig, type ConfigOf } from '#caas/platform/config';
import { Log } from '#caas/platform/logging';
import { downloadJwks } from './jwks-download';
import { isPublicAddress, literalAddress } from './public-address';
import { fromJwk, type PublishedKey } from './public-keys';

const MAX_SETS = 2_000;
const MAX_KEYS = 50;
const REFRESH_AFTER_MS = 10 * 60_000;
/** A token with an unknown `kid` triggers a refresh, but not more often than this, also when the URL does not answer. */
const LOOK_AGAIN_AFTER_MS = 30_000;
/** While the URL does not answer, the keys last seen there count for this long. */
const KEEP_UNANSWERED_MS = 24 * 60 * 60_000;
/** The most calls that wait for one URL, which may take seconds: each of them holds a request. */
const MAX_WAITING = 1_000;

interface KeySet {
  keys: Map<string, SigningKey>;
  readAt: number;
  /** When we last asked, whatever came of it. */
  askedAt: number;
  /** Whether the URL did not answer when it was last asked. */
  isAway: boolean;
  waiting: number;
  underway: Promise<void> | null;
}

/** Public keys that a tenant publishes at a URL of its own (RFC 7517). */
@Injectable()
export class Jwks {
  private readonly sets = new LRUCache<string, KeySet>({ max: MAX_SETS });
  private readonly production: boolean;

  constructor(
    @InjectConfig(runtimeConfig) config: Pick<ConfigOf<typeof runtimeConfig>, 'NODE_ENV'>,
    private readonly clock: Clock,
    private readonly log: Log,
  ) {
    this.production = config.NODE_ENV === 'production';
  }

  /**
   * Only https; outside production also http on this machine, for development. In production no literal private address; what a
   * name resolves to is checked at each download.
   * @throws CaasError `invalid_jwks_url` (400)
   */
  assertAllowed(url: string): void {
    const parsed = URL.canParse(url) ? new URL(url) : null;
    if (!parsed || !this.isAllowed(parsed)) {
      throw invalid('invalid_jwks_url', 'The JWKS URL must begin with https:// and name a public host.', [
        { field: 'jwks_url', message: 'must begin with https:// and name a public host' },
      ]);
    }
  }

  /**
   * The key that `url` publishes under `kid`; null when there is none, or the URL has not answered for a day. A call with a known key
   * waits for the URL only if a refresh is due and the URL answers.
   * @throws CaasError `unavailable` (503) when too many calls already wait for the URL
   */
  async find(url: string, kid: string): Promise<SigningKey | null> {
    const set = this.setOf(url);
    const known = set.keys.get(kid);
    const age = this.age(set.readAt);
    if (known && age < (set.isAway ? KEEP_UNANSWERED_MS : REFRESH_AFTER_MS)) {
      if (age >= REFRESH_AFTER_MS / 2) void this.refresh(url, set);
      return known;
    }
    await this.waitFor(url, set);
    return this.age(set.readAt) < KEEP_UNANSWERED_MS ? (set.keys.get(kid) ?? null) : null;
  }

  private isAllowed(url: URL): boolean {
    if (url.username !== '' || url.password !== '') return false;
    const literal = literalAddress(url);
    if (this.production) return url.protocol === 'https:' && (literal === null || isPublicAddress(literal));
    const isThisMachine = /^(127\.0\.0\.1|localhost|\[::1\])$/.test(url.hostname);
    return url.protocol === 'https:' || (url.protocol === 'http:' && isThisMachine);
  }

  private setOf(url: string): KeySet {
    let set = this.sets.get(url);
    if (!set) {
      set = { keys: new Map(), readAt: -Infinity, askedAt: -Infinity, isAway: false, waiting: 0, underway: null };
      this.sets.set(url, set);
    }
    return set;
  }

  private async waitFor(url: string, set: KeySet): Promise<void> {
    if (set.waiting >= MAX_WAITING) throw tooManyWait();
    set.waiting += 1;
    try {
      await this.refresh(url, set);
    } finally {
      set.waiting -= 1;
    }
  }

  /** Fetches the URL, unless it was fetched a moment ago; concurrent callers share one fetch. */
  private refresh(url: string, set: KeySet): Promise<void> {
    if (set.underway) return set.underway;
    if (this.age(set.askedAt) < LOOK_AGAIN_AFTER_MS) return Promise.resolve();
    set.askedAt = this.clock.now().getTime();
    set.underway = this.read(url, set).finally(() => (set.underway = null));
    return set.underway;
  }

  private async read(url: string, set: KeySet): Promise<void> {
    try {
      set.keys = usableKeys(await downloadJwks(url, { publicOnly: this.production }));
      set.readAt = this.clock.now().getTime();
      set.isAway = false;
    } catch (error) {
      set.isAway = true;
      this.log.root.warn({ host: new URL(url).host, reason: (error as Error).message }, 'a JWKS could not be read');
    }
  }

  private age(at: number): number {
    return this.clock.now().getTime() - at;
  }
}

/** Skips keys of another kind or use, and keeps the rest of the set. @throws Error for text that is not a JWKS */
function usableKeys(text: string): Map<string, SigningKey> {
  const { keys } = JSON.parse(text) as { keys?: unknown };
  if (!Array.isArray(keys)) throw new Error('no JWKS');
  const usable = new Map<string, SigningKey>();
  for (const jwk of keys.slice(0, MAX_KEYS) as PublishedKey[]) {
    const key = signingKeyOf(jwk);
    if (key) usable.set(key.kid, key);
  }
  return usable;
}

function signingKeyOf(jwk: PublishedKey | null): SigningKey | null {
  if (typeof jwk?.kid !== 'string' || (jwk.use !== undefined && jwk.use !== 'sig')) return null;
  try {
    return { kid: jwk.kid, ...fromJwk(jwk) };
  } catch {
    return null;
  }
}

const tooManyWait = () =>
  new CaasError('unavailable', 'unavailable', 'The signing keys of this tenant are being read. Try again.', [], {
    retryAfterSeconds: 3,
  });
