import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { CaasError } from '#caas/kernel';
import { InjectConfig, type ConfigOf } from '#caas/platform/config';
import { httpConfig, networkOfPeer, type Peer } from '#caas/platform/http';
import { limitsConfig, RateLimits, windowOf, type RateBudget, type Rate } from '#caas/platform/limits';
import { FailedAuthEvents, type CredentialAttempt, type CredentialKind } from '../failed-auth-events';

const MAX_NETWORKS = 10_000;
/** No credential was sent, so none was refused. */
const NOTHING_SENT: ReadonlySet<string> = new Set(['token_missing', 'platform_key_required']);

/** A credential as it arrived. */
export interface PresentedCredential {
  credential: CredentialKind;
  peer: Peer;
  attempt: CredentialAttempt;
}

/**
 * Limits how often an address may send bad credentials, and publishes each refusal. Every credential is verified, even from an
 * address beyond its limit: many clients may share it, and one of them must not lock out the others. So verification must be
 * cheap for any input (docs/adr/0022). Beyond the limit, only the answer to a bad credential changes.
 */
@Injectable()
export class FailedAuthLimiter {
  /** Separate from the budgets of tenants, so that many addresses cannot push those out. */
  private readonly budgets = new LRUCache<string, RateBudget>({ max: MAX_NETWORKS });
  private readonly rate: Rate;

  constructor(
    private readonly limits: RateLimits,
    private readonly events: FailedAuthEvents,
    @InjectConfig(limitsConfig) private readonly config: ConfigOf<typeof limitsConfig>,
    @InjectConfig(httpConfig) private readonly http: ConfigOf<typeof httpConfig>,
  ) {
    const perMinute = config.UNAUTHENTICATED_PER_MINUTE * config.RATE_LIMITS_FACTOR;
    const detail = 'Too many calls without a valid credential come from this address.';
    this.rate = { ...windowOf(perMinute), name: 'address', detail };
  }

  /**
   * @param check throws for a credential that is invalid or not admitted now
   * @throws CaasError `rate_limited` (429) instead of a 401 beyond the limit of the address, and what `check` throws
   */
  async verify<T>(presented: PresentedCredential, check: () => Promise<T> | T): Promise<T> {
    try {
      return await check();
    } catch (error) {
      if (error instanceof CaasError && isRefusal(error)) await this.refuse(presented, error);
      throw error;
    }
  }

  private async refuse({ credential, peer, attempt }: PresentedCredential, { kind, code }: CaasError): Promise<void> {
    const network = networkOfPeer(peer, this.http.TRUSTED_PROXIES);
    if (!NOTHING_SENT.has(code)) {
      const { requestId, tenantId = null, keyId = null, reason = code } = attempt;
      this.events.add({ credential, reason, tenantId, keyId, network, requestId });
    }
    // A credential that lost its right is no guess, so only a 401 counts. For a file link every refusal counts, since the
    // signature is all that it has.
    const isGuess = kind === 'unauthenticated' || credential === 'file_link';
    if (isGuess && this.config.RATE_LIMITS) await this.spend(network);
  }

  private async spend(network: string): Promise<void> {
    let budget = this.budgets.get(network);
    if (!budget) {
      budget = this.limits.open(`address:${network}`, this.rate);
      this.budgets.set(network, budget);
    }
    if (!(await budget.take(1, performance.now()))) throw budget.refusal();
  }
}

const isRefusal = ({ kind }: CaasError): boolean => kind === 'unauthenticated' || kind === 'forbidden';
