import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { CaasError, type TenantId } from '#caas/kernel';
import { InjectConfig, type ConfigOf } from '#caas/platform/config';
import type { MessageGate } from '#caas/platform/realtime';
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
export class SendRates implements MessageGate {
  private readonly allowances = new LRUCache<TenantId, Allowance>({ max: MAX_TENANTS });
  private readonly perSecond: number;

  constructor(@InjectConfig(messagingConfig) config: ConfigOf<typeof messagingConfig>) {
    this.perSecond = config.TENANT_SENDS_PER_SECOND;
  }

  /** @throws CaasError `rate_limited` (429) */
  spend(tenantId: TenantId, nowMs = performance.now()): void {
    const allowance = this.allowances.get(tenantId) ?? { sends: this.perSecond, atMs: nowMs };
    this.allowances.set(tenantId, allowance);
    this.reckon(allowance, nowMs);
    if (allowance.sends < 1) throw this.refusal();
    allowance.sends -= 1;
  }

  /** Whether a send would be refused. */
  isShut(tenantId: TenantId, nowMs = performance.now()): boolean {
    const allowance = this.allowances.get(tenantId);
    if (!allowance) return false;
    this.reckon(allowance, nowMs);
    return allowance.sends < 1;
  }

  refusal(): CaasError {
    const detail = `No more than ${this.perSecond} messages a second.`;
    return new CaasError('too_many', 'rate_limited', detail, [], { retryAfterSeconds: 1 });
  }

  private reckon(allowance: Allowance, nowMs: number): void {
    const earned = ((nowMs - allowance.atMs) / 1000) * this.perSecond;
    allowance.sends = Math.min(this.perSecond, allowance.sends + earned);
    allowance.atMs = nowMs;
  }
}
