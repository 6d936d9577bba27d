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

/** The next month's row is created this long before the month begins, so that no transaction at the turn of the month lacks it. */
const MONTH_AHEAD_MS = 60 * 60_000;
/**
 * Within this distance of the limit, sends are serialized over all processes. It exceeds what all other processes together can send in
 * the two seconds in which this process may not know of it: half a second until it learns of a send, and one until the send is folded
 * into its conversation's row.
 */
const NEAR = 10_000;
/**
 * A process that has not yet noticed that the limit is near sends without the gate. After this time those sends are folded, and the
 * next sum includes them.
 */
const ADD_UP_AGAIN_MS = 2_000;

/**
 * Checks the quota, within the transaction of a send, after the messages are written. May be called again when the transaction is
 * retried.
 * @param at when the messages were sent, which decides the month
 * @throws CaasError `quota_exceeded` (402)
 */
export type CheckSent = (tx: RequestContext, count: number, at: Date) => Promise<void>;

interface CountedSends {
  month: string;
  count: number;
  /** The month's total, when it is known exactly. */
  total: number | null;
}

/**
 * Enforces the monthly quota of messages. Conversations count their messages (libs/domain/conversations); this class checks the limit.
 * Far from the limit, that costs a send nothing. Near it, sends of all processes are serialized by writing one shared row (the gate),
 * so the limit is never exceeded.
 */
@Injectable()
export class MessageQuota {
  private readonly gate = new KeyedMutex();
  /** By tenant and month: when this process last recomputed the total at the gate. */
  private readonly addedUpAt = new Map<string, number>();

  constructor(
    private readonly rows: CounterRepository,
    private readonly meters: UsageMeters,
    private readonly totals: SentTotals,
    private readonly warnings: QuotaWarnings,
    private readonly clock: Clock,
  ) {}

  /**
   * Refuses early what would be refused at commit, as far as it is known, without a query of its own.
   * @returns whether the limit is so near that sends must pass the gate, with `sending`
   * @throws CaasError `quota_exceeded` (402)
   */
  async requireRoom(ctx: RequestContext): Promise<boolean> {
    const limit = limitOf(ctx.tenant, 'messages');
    if (limit === null) return false;
    const month = monthOf(this.clock.now());
    const { stored, likely } = await this.totals.of(ctx, month);
    // A month's total never decreases.
    if (stored < limit) return limit - likely <= NEAR;
    this.warnings.consider(ctx, 'messages', stored, () => Promise.resolve(stored));
    throw quotaExceeded('messages', limit);
  }

  /** Records messages that were stored without passing the gate. Warns when the limit is near afterwards. */
  sent(ctx: RequestContext, count: number, at: Date): void {
    if (limitOf(ctx.tenant, 'messages') !== null) this.committed(ctx, { month: monthOf(at), count, total: null });
  }

  /**
   * Runs `work`, which opens its own transaction and checks in it; warns when the limit is near afterwards.
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

  /** @returns the month's new total. A concurrent send at the gate has either written the same row, or will see this write */
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
