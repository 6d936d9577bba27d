import { LRUCache } from 'lru-cache';
import { CaasError } from '#caas/kernel';
import { Allowance } from './allowance';
import type { SocketPrincipal } from './ports';

const PER_SECOND = 10;
const BURST = 100;
const MAX_USERS = 50_000;

/** How often one user may connect to this process: a handshake looks up all of the user's conversations. */
export class Handshakes {
  private readonly allowances = new LRUCache<string, Allowance>({ max: MAX_USERS });

  /** @throws CaasError `rate_limited` (429) */
  spend(principal: SocketPrincipal, nowMs = performance.now()): void {
    const allowance = this.of(principal, nowMs);
    if (allowance.spend(nowMs)) return;
    const retryAfterSeconds = Math.ceil(allowance.waitSeconds(nowMs));
    throw new CaasError('too_many', 'rate_limited', 'Too many connections. Try again later.', [], {
      retryAfterSeconds,
    });
  }

  /** The user may not connect for so long. */
  withhold(principal: SocketPrincipal, seconds: number, nowMs = performance.now()): void {
    this.of(principal, nowMs).withhold(seconds, nowMs);
  }

  private of({ tenantId, user }: SocketPrincipal, nowMs: number): Allowance {
    const key = `${tenantId}:${user.user_id.toHexString()}`;
    const allowance = this.allowances.get(key) ?? new Allowance(PER_SECOND, BURST, nowMs);
    this.allowances.set(key, allowance);
    return allowance;
  }
}
