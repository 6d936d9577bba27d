import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { CaasError, type TenantId } from '#caas/kernel';
import { InjectConfig, type ConfigOf } from '#caas/platform/config';
import { messagingConfig } from '../messaging.config';

const MAX_TENANTS = 50_000;

/** What a tenant may still send, and when that was reckoned. */
interface Allowance {
  sends: number;
  atMs: number;
}

/**
 * How fast one tenant sends through this process, so that one that floods is refused before it costs the others anything. A
 * second's worth may come at once.
 */
@Injectable()
export class SendRates {
  private readonly allowances = new LRUCache<TenantId, Allowance>({ max: MAX_TENANTS });
  private readonly perSecond: number;

  constructor(@InjectConfig(messagingConfig) config: ConfigOf<typeof messagingConfig>) {
    this.perSecond = config.TENANT_SENDS_PER_SECOND;
  }

  /** @throws CaasError `rate_limited` (429) */
  spend(tenantId: TenantId, nowMs = performance.now()): void {
    const last = this.allowances.get(tenantId) ?? { sends: this.perSecond, atMs: nowMs };
    const earned = ((nowMs - last.atMs) / 1000) * this.perSecond;
    const sends = Math.min(this.perSecond, last.sends + earned);
    this.allowances.set(tenantId, { sends: sends < 1 ? sends : sends - 1, atMs: nowMs });
    if (sends >= 1) return;
    const detail = `No more than ${this.perSecond} messages a second.`;
    throw new CaasError('too_many', 'rate_limited', detail, [], { retryAfterSeconds: 1 });
  }
}
