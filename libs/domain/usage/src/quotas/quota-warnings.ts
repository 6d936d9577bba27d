import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import type { EventData } from '#caas/contracts';
import { Clock, DuplicateKeyError, type Quota, type RequestContext } from '#caas/kernel';
import { Settings } from '#caas/domain/settings';
import { Log } from '#caas/platform/logging';
import { RequestContexts } from '#caas/tenancy';
import { endOfMonth, monthOf } from '../period';
import { quotaWarnings } from '../persistence/quota-warning.schema';
import { usageSettings } from '../usage.settings';
import { limitOf } from './quotas';

const WARN_AT_PERCENT = [80, 95];
const MAX_REMEMBERED = 50_000;

type Listener = (ctx: RequestContext, warning: EventData<'quota.warning'>) => void;

interface Reached {
  quota: Quota;
  period: string;
  percent: number;
  limit: number;
}

/**
 * Warns that a quota is nearly used up, once for each threshold, limit and calendar month, whichever process notices first. The row
 * that records the warning is written before the warning is sent.
 */
@Injectable()
export class QuotaWarnings {
  /** Warnings that this process knows were already sent. */
  private readonly told = new LRUCache<string, true>({ max: MAX_REMEMBERED });
  private readonly listeners = new Set<Listener>();

  constructor(
    private readonly contexts: RequestContexts,
    private readonly settings: Settings,
    private readonly clock: Clock,
    private readonly log: Log,
  ) {}

  /** Registers a listener in this process for every warning that clients receive. It must not throw. */
  on(listener: Listener): void {
    this.listeners.add(listener);
  }

  /**
   * Call it after the commit. Returns at once; errors are logged.
   * @param likely the estimated usage
   * @param confirm reads the exact usage; called when `likely` would cause a warning
   */
  consider(ctx: RequestContext, quota: Quota, likely: number, confirm: () => Promise<number>): void {
    const limit = limitOf(ctx.tenant, quota);
    if (limit === null || likely * 100 < WARN_AT_PERCENT[0]! * limit) return;
    const period = monthOf(this.clock.now());
    const due = WARN_AT_PERCENT.filter((percent) => likely * 100 >= percent * limit)
      .map((percent) => ({ quota, period, percent, limit }))
      .filter((reached) => !this.told.has(keyOf(ctx, reached)));
    if (due.length === 0) return;
    this.tellConfirmed(ctx, due, confirm).catch((error: Error) => {
      this.log.root.warn(
        { tenant_id: ctx.tenantId, quota, reason: error.message },
        'a warning of a quota was not told',
      );
    });
  }

  /** Warnings of this month, newest first. */
  async ofThisMonth(ctx: RequestContext) {
    const period = monthOf(this.clock.now());
    return ctx.repository(quotaWarnings).find({ period }, { sort: { _id: -1 } });
  }

  private async tellConfirmed(ctx: RequestContext, due: Reached[], confirm: () => Promise<number>): Promise<void> {
    const used = await confirm();
    // The caller's context may belong to a transaction that has ended.
    const own = this.contexts.open(ctx.tenant, { kind: 'system', name: 'quotas' }, ctx.requestId);
    for (const reached of due.filter(({ percent, limit }) => used * 100 >= percent * limit)) {
      const key = keyOf(ctx, reached);
      if (this.told.has(key)) continue;
      this.told.set(key, true);
      try {
        if (await this.isFirst(own, reached, used)) await this.tell(own, reached, used);
      } catch (error) {
        this.told.delete(key);
        throw error;
      }
    }
  }

  private async isFirst(ctx: RequestContext, reached: Reached, used: number): Promise<boolean> {
    try {
      await ctx.repository(quotaWarnings).insertOne({ ...reached, used });
      return true;
    } catch (error) {
      if (error instanceof DuplicateKeyError) return false;
      throw error;
    }
  }

  private async tell(ctx: RequestContext, { quota, period, percent, limit }: Reached, used: number): Promise<void> {
    this.log.of(ctx).warn({ quota, percent, used, limit }, 'a quota is nearly used up');
    if (!(await this.settings.of(ctx, usageSettings)).warn_clients) return;
    const resets_at = quota === 'messages' ? endOfMonth(period).toISOString() : null;
    const warning = { quota, percent, used, limit, period, resets_at };
    for (const listener of this.listeners) listener(ctx, warning);
  }
}

const keyOf = ({ tenantId }: RequestContext, { quota, period, percent, limit }: Reached): string =>
  `${tenantId}:${quota}:${period}:${percent}:${limit}`;
