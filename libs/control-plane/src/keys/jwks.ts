import type { JsonWebKey } from 'node:crypto';
import { lookup as dnsLookup } from 'node:dns';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import { Injectable } from '@nestjs/common';
import { invalid } from '#caas/kernel';
import type { SigningKey } from '#caas/access';
import { InjectConfig, runtimeConfig, type ConfigOf } from '#caas/platform/config';
import { Log } from '#caas/platform/logging';
import { algorithmOf, fromJwk } from './public-keys';

const FETCH_TIMEOUT_MS = 3_000;
const MAX_BYTES = 64 * 1024;
const MAX_KEYS = 50;
const REFRESH_AFTER_MS = 10 * 60_000;
/** A token with an unknown `kid` makes us look again, but not more often than this. */
const LOOK_AGAIN_AFTER_MS = 30_000;

interface KeySet {
  keys: Map<string, SigningKey>;
  fetchedAt: number;
}

/** Public keys that a tenant publishes at a URL of its own (RFC 7517). */
@Injectable()
export class Jwks {
  private readonly sets = new Map<string, Promise<KeySet>>();
  private readonly production: boolean;

  constructor(
    @InjectConfig(runtimeConfig) config: ConfigOf<typeof runtimeConfig>,
    private readonly log: Log,
  ) {
    this.production = config.NODE_ENV === 'production';
  }

  /** @throws CaasError `invalid_jwks_url` (400) */
  assertAllowed(url: string): void {
    const parsed = URL.canParse(url) ? new URL(url) : null;
    const loopback = parsed !== null && /^(127\.0\.0\.1|localhost|\[::1\])$/.test(parsed.hostname);
    const allowed = parsed?.protocol === 'https:' || (parsed?.protocol === 'http:' && loopback && !this.production);
    if (!allowed || parsed.username !== '' || parsed.password !== '') {
      throw invalid('invalid_jwks_url', 'The JWKS URL must begin with https://.', [
        { field: 'jwks_url', message: 'must begin with https://' },
      ]);
    }
  }

  async find(url: string, kid: string): Promise<SigningKey | null> {
    const set = await this.load(url, REFRESH_AFTER_MS);
    const known = set.keys.get(kid);
    if (known) return known;
    const again = await this.load(url, LOOK_AGAIN_AFTER_MS);
    return again.keys.get(kid) ?? null;
  }

  private async load(url: string, maxAgeMs: number): Promise<KeySet> {
    const known = this.sets.get(url);
    if (known && Date.now() - (await known).fetchedAt < maxAgeMs) return known;
    const previous = known ? await known : null;
    const fetched = this.fetch(url).catch((error: Error) => {
      this.log.root.warn({ host: new URL(url).host, reason: error.message }, 'a JWKS could not be read');
      return { keys: previous?.keys ?? new Map<string, SigningKey>(), fetchedAt: Date.now() };
    });
    this.sets.set(url, fetched);
    return fetched;
  }

  private async fetch(url: string): Promise<KeySet> {
    const { keys } = JSON.parse(await download(url, this.production)) as { keys?: (JsonWebKey & { kid?: string })[] };
    const usable = new Map<string, SigningKey>();
    for (const jwk of (keys ?? []).slice(0, MAX_KEYS)) {
      if (typeof jwk.kid !== 'string') continue;
      try {
        const key = fromJwk(jwk);
        usable.set(jwk.kid, { kid: jwk.kid, key, algorithm: algorithmOf(key) });
      } catch {
        // A key of another kind is none of ours; the rest of the set stands.
      }
    }
    return { keys: usable, fetchedAt: Date.now() };
  }
}

/** No redirects, bounded in time and size; in production only to public addresses, as they resolve at this very call. */
function download(url: string, publicOnly: boolean): Promise<string> {
  const request = url.startsWith('https:') ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    const outgoing = request(
      url,
      { timeout: FETCH_TIMEOUT_MS, lookup: publicOnly ? publicLookup : undefined },
      (response) => {
        if (response.statusCode !== 200) return outgoing.destroy(new Error(`status ${response.statusCode}`));
        const chunks: Buffer[] = [];
        let bytes = 0;
        response.on('data', (chunk: Buffer) => {
          bytes += chunk.length;
          if (bytes > MAX_BYTES) outgoing.destroy(new Error('too large'));
          else chunks.push(chunk);
        });
        response.on('end', () => resolve(Buffer.concat(chunks).toString('utf8')));
        response.on('error', reject);
      },
    );
    outgoing.on('timeout', () => outgoing.destroy(new Error('too slow')));
    outgoing.on('error', reject);
    outgoing.end();
  });
}

const PRIVATE = new BlockList();
for (const [network, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['224.0.0.0', 3],
] as const) {
  PRIVATE.addSubnet(network, prefix, 'ipv4');
}
for (const [network, prefix] of [
  ['::', 96],
  ['::ffff:0:0', 96],
  ['fc00::', 7],
  ['fe80::', 10],
  ['ff00::', 8],
] as const) {
  PRIVATE.addSubnet(network, prefix, 'ipv6');
}

const publicLookup: LookupFunction = (hostname, options, done) => {
  dnsLookup(hostname, options, (error, address, family) => {
    const addresses = Array.isArray(address) ? address.map((each) => each.address) : [address];
    const isPrivate = addresses.some((each) => PRIVATE.check(each, isIP(each) === 6 ? 'ipv6' : 'ipv4'));
    if (!error && isPrivate) return done(new Error('a private address'), '', 4);
    done(error, address as string, family);
  });
};
