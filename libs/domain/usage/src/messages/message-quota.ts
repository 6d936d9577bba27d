import { Injectable } from '@nestjs/common';
import { Clock, type RequestContext } from '#caas/kernel';
import { KeyedMutex } from '#caas/platform/concurrency';
import { CounterRepository } from '../counting/counter-repository';
import { SHARED_SLOT } from '../counting/counter-shards';
import { monthOf } from '../period';
import { limitOf, quotaExceeded } from '../quotas/quotas';
import { QuotaWarnings } from '../quotas/quota-warnings';
import { UsageMeters } from '../usage-meters';
import { SentTotals } from './sent-totals';

/** Before a month begins, its row is there: no transaction meets the turn of the month without it. */
const MONTH_AHEAD_MS = 60 * 60_000;
/**
 * So near to the limit, sends go on one after the other, over all processes. It is more than all other processes together send in
 * the two seconds in which this one may not know of it: half a second until it hears of a send, and one until the send is folded
 * into its conversation's row.
 */
const NEAR = 10_000;
/** A process that does not know yet that the limit is near sends past the gate. What it sent is folded by then, and added up. */
const ADD_UP_AGAIN_MS = 2_000;

/**
 * Within the transaction of a send, once the messages are in it. May be called again when the transaction is tried again.
 * @param at when they were sent: they count in that month
 * @throws CaasError `quota_exceeded` (402)
 */
export type CheckSent = (tx: RequestContext, count: number, at: Date) => Promise<void>;

interface CountedSends {
  month: string;
  count: number;
  /** All of the month, where it is known for sure. */
  total: number | null;
}

/**
 * Holds the month's quota of messages. Their conversations count them (libs/domain/conversations); here it is asked whether there is room,
 * which costs a send nothing while the limit is far. Near it, a row in which everybody writes makes sends of all processes
 * take turns, so that what is above the limit is never stored.
 */
@Injectable()
export class MessageQuota {
  private readonly gate = new KeyedMutex();
  /** By tenant and month: when this process last added up at the gate. */
  private readonly addedUpAt = new Map<string, number>();

  constructor(
    private readonly rows: CounterRepository,
    private readonly meters: UsageMeters,
    private readonly totals: SentTotals,
    private readonly warnings: QuotaWarnings,
    private readonly clock: Clock,
  ) {}

  /**
   * Refuses what would be refused at its commit, as soon as that is known, and for nothing.
   * @returns whether the limit is so near that sends have to pass the gate, by `sending`
   * @throws CaasError `quota_exceeded` (402)
   */
  async requireRoom(ctx: RequestContext): Promise<boolean> {
    const limit = limitOf(ctx.tenant, 'messages');
    if (limit === null) return false;
    const month = monthOf(this.clock.now());
    const { stored, likely } = await this.totals.of(ctx, month);
    // Of a month's messages there never come to be fewer.
    if (stored < limit) return limit - likely <= NEAR;
    this.warnings.consider(ctx, 'messages', stored, () => Promise.resolve(stored));
    throw quotaExceeded('messages', limit);
  }

  /** Messages were stored without passing the gate. Warns when the limit has come near by that. */
  sent(ctx: RequestContext, count: number, at: Date): void {
    if (limitOf(ctx.tenant, 'messages') !== null) this.committed(ctx, { month: monthOf(at), count, total: null });
  }

  /**
   * Runs `work`, which makes its own transaction and checks in it; warns when the limit has come near by that.
   * @throws CaasError `quota_exceeded` (402), and what `work` throws
   */
  async sending<T>(ctx: RequestContext, work: (check: CheckSent) => Promise<T>): Promise<T> {
    const limit = limitOf(ctx.tenant, 'messages');
    if (limit === null) return work(() => Promise.resolve());
    if (!(await this.requireRoom(ctx))) return this.watched(ctx, work, () => Promise.resolve(null));
    return this.gate.run(ctx.tenantId, async () => {
      await this.requireRoom(ctx);
      await this.prepare(ctx);
      return this.watched(ctx, work, (tx, count, month) => this.passGate(tx, month, count, limit));
    });
  }

  private async watched<T>(
    ctx: RequestContext,
    work: (check: CheckSent) => Promise<T>,
    check: (tx: RequestContext, count: number, month: string) => Promise<number | null>,
  ): Promise<T> {
    let sent = null as CountedSends | null;
    const result = await work(async (tx, count, at) => {
      const month = monthOf(at);
      sent = { month, count, total: await check(tx, count, month) };
    });
    if (sent) this.committed(ctx, sent);
    return result;
  }

  private committed(ctx: RequestContext, { month, count, total }: CountedSends): void {
    this.totals.sent(ctx, month, count);
    const likely = total ?? this.totals.likely(ctx, month);
    if (likely === null) return;
    this.warnings.consider(ctx, 'messages', likely, () => this.meters.of('messages').total(ctx, month));
  }

  /** @returns how many there are in the month by that: whoever else passes has written the same row, or will see this */
  private async passGate(tx: RequestContext, month: string, count: number, limit: number): Promise<number> {
    const gate = { counter: 'messages', period: month, slot: SHARED_SLOT } as const;
    const key = `${tx.tenantId}:${month}`;
    const isStale = performance.now() - (this.addedUpAt.get(key) ?? -Infinity) > ADD_UP_AGAIN_MS;
    const total = isStale ? await this.meters.of('messages').total(tx, month) : await this.rows.add(tx, gate, count);
    if (isStale) await this.rows.set(tx, gate, total);
    if (total > limit) {
      this.totals.learn(tx, month, total - count);
      throw quotaExceeded('messages', limit);
    }
    if (isStale) tx.afterCommit(() => this.addedUpAt.set(key, performance.now()));
    return total;
  }

  private async prepare(ctx: RequestContext): Promise<void> {
    const now = this.clock.now();
    for (const time of [now, new Date(now.getTime() + MONTH_AHEAD_MS)]) {
      await this.rows.prepare(ctx, { counter: 'messages', period: monthOf(time), slot: SHARED_SLOT });
    }
  }
}
