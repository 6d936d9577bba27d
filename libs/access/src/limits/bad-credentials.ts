import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { CaasError } from '#caas/kernel';
import { InjectConfig, type ConfigOf } from '#caas/platform/config';
import { limitsConfig, RateLimits, windowOf, type Lease, type Rate } from '#caas/platform/limits';
import { networkOf } from './address';

/** Of credentials: some ten thousand tokens. */
const MAX_KNOWN_CHARACTERS = 4 * 2 ** 20;

/**
 * How often an address may try with what is no credential. Beyond that nothing is verified for it any more but what was good here
 * before: many may share the address, behind a proxy, and one of them must not shut out the others.
 */
@Injectable()
export class BadCredentials {
  private readonly known = new LRUCache<string, true>({
    maxSize: MAX_KNOWN_CHARACTERS,
    sizeCalculation: (_value, credential) => credential.length,
  });
  private readonly rate: Rate;

  constructor(
    private readonly limits: RateLimits,
    @InjectConfig(limitsConfig) private readonly config: ConfigOf<typeof limitsConfig>,
  ) {
    const perMinute = config.UNAUTHENTICATED_PER_MINUTE * config.RATE_LIMITS_FACTOR;
    const detail = 'Too many calls without a valid credential come from this address.';
    this.rate = { ...windowOf(perMinute), name: 'address', detail };
  }

  /**
   * Runs `verify`, unless the address has failed too often.
   * @param credential whatever is verified, as it came
   * @throws CaasError `rate_limited` (429), and what `verify` throws
   */
  async watch<T>(address: string, credential: string, verify: () => Promise<T> | T): Promise<T> {
    const isKnown = this.known.has(credential);
    if (!isKnown) this.requireOpen(address);
    try {
      const verified = await verify();
      if (!isKnown && credential !== '') this.known.set(credential, true);
      return verified;
    } catch (error) {
      if (error instanceof CaasError && error.kind === 'unauthenticated') {
        this.known.delete(credential);
        if (this.config.RATE_LIMITS) await this.limits.spendFrom(keyOf(address), this.rate);
      }
      throw error;
    }
  }

  private requireOpen(address: string): void {
    const lease: Lease | undefined = this.limits.find(keyOf(address));
    if (lease?.isShut(performance.now())) throw lease.refusal();
  }
}

const keyOf = (address: string) => `address:${networkOf(address)}`;
