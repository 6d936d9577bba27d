import { Injectable } from '@nestjs/common';
import { Clock, QUOTAS, type Quota, type RequestContext } from '#caas/kernel';
import { ConnectionCounts } from './connections/connection-counts';
import { endOfMonth, FOR_GOOD, monthOf } from './period';
import { QuotaWarnings } from './quotas/quota-warnings';
import { limitOf } from './quotas/quotas';
import { UsageMeters } from './usage-meters';

export interface QuotaUse {
  used: number;
  /** Null: no limit. */
  limit: number | null;
  /** `yyyy-mm` for monthly quotas. */
  period: string | null;
  resets_at: Date | null;
}

export interface Usage {
  quotas: Record<Quota, QuotaUse>;
  /** Newest first, including this month. */
  months: { month: string; messages: number }[];
  /** Warnings of this month, newest first. */
  warnings: { quota: Quota; percent: number; used: number; limit: number; period: string; at: Date }[];
}

/** A tenant's usage compared with its quotas. */
@Injectable()
export class UsageService {
  constructor(
    private readonly meters: UsageMeters,
    private readonly connections: ConnectionCounts,
    private readonly warnings: QuotaWarnings,
    private readonly clock: Clock,
  ) {}

  /** For the tenant's own server, and operators. @throws CaasError `server_key_required` (403) */
  async of(ctx: RequestContext): Promise<Usage> {
    if (ctx.actor.kind !== 'system') ctx.requireServer();
    const month = monthOf(this.clock.now());
    const [users, messages, bytes, connections, warnings] = await Promise.all([
      this.meters.of('users').kept(ctx),
      this.meters.of('messages').kept(ctx),
      this.meters.of('storage_bytes').kept(ctx),
      this.connections.total(ctx.tenantId),
      this.warnings.ofThisMonth(ctx),
    ]);
    const used: Record<Quota, number> = {
      users: users.get(FOR_GOOD) ?? 0,
      messages: messages.get(month) ?? 0,
      storage_bytes: bytes.get(FOR_GOOD) ?? 0,
      connections,
    };
    const quotas = QUOTAS.map((quota) => [quota, { ...this.bounds(ctx, quota, month), used: used[quota] }] as const);
    return {
      quotas: Object.fromEntries(quotas) as Usage['quotas'],
      months: monthsOf(messages, month),
      warnings: warnings.map(({ created_at, quota, percent, used: then, limit, period }) => ({
        ...{ quota, percent, used: then, limit, period },
        at: created_at,
      })),
    };
  }

  private bounds({ tenant }: RequestContext, quota: Quota, month: string): Omit<QuotaUse, 'used'> {
    const limit = limitOf(tenant, quota);
    return quota === 'messages'
      ? { limit, period: month, resets_at: endOfMonth(month) }
      : { limit, period: null, resets_at: null };
  }
}

/** Includes this month; omits future months, whose rows are created before they begin. */
function monthsOf(messages: ReadonlyMap<string, number>, thisMonth: string): Usage['months'] {
  const months = [...new Set([...messages.keys(), thisMonth])]
    .filter((month) => month <= thisMonth)
    .sort()
    .reverse();
  return months.map((month) => ({ month, messages: messages.get(month) ?? 0 }));
}
