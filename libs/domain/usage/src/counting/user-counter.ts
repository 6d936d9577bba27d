import { Injectable } from '@nestjs/common';
import type { RequestContext } from '#caas/kernel';
import { KeyedMutex } from '#caas/platform/concurrency';
import { FOR_GOOD } from '../period';
import { limitOf, quotaExceeded } from '../quotas/quotas';
import { QuotaWarnings } from '../quotas/quota-warnings';
import { CounterRepository, type CounterPart } from './counter-repository';
import { SHARED_SLOT, CounterShards } from './counter-shards';

/** So near to its limit users are made one by one, over all processes: more than are being made at one moment. */
const NEAR = 100;

/**
 * Counts, within the transaction in which users come or go. May be called again when the transaction is tried again.
 * @throws CaasError `quota_exceeded` (402)
 */
export type CountUsers = (tx: RequestContext, by: number) => Promise<void>;

/**
 * Counts a tenant's users exactly: a count and what it counts are one transaction. Each writer of a process has a slot of its own,
 * so that counting makes nobody wait; near the limit all take the same one, so that what is above it is never stored.
 */
@Injectable()
export class UserCounter {
  private readonly slots = new CounterShards();
  /** By tenant. Near the limit all write one row: transactions of this process would only make each other begin again. */
  private readonly nearLimit = new KeyedMutex();

  constructor(
    private readonly rows: CounterRepository,
    private readonly warnings: QuotaWarnings,
  ) {}

  /**
   * Runs `work`, which makes its own transaction and counts in it; warns when the limit has come near by that.
   * @throws CaasError `quota_exceeded` (402), and what `work` throws
   */
  async counting<T>(ctx: RequestContext, work: (count: CountUsers) => Promise<T>): Promise<T> {
    if (limitOf(ctx.tenant, 'users') === null) return this.inSlot(ctx, work);
    const before = await this.total(ctx);
    const isNear = limitOf(ctx.tenant, 'users')! - before <= NEAR;
    let after: number | null = null;
    const watched = (count: CountUsers) =>
      work(async (tx, by) => {
        await count(tx, by);
        after = by <= 0 ? null : isNear ? await this.requireWithin(tx) : before + by;
      });
    const result = isNear
      ? await this.nearLimit.run(ctx.tenantId, () => this.counted(ctx, SHARED_SLOT, watched))
      : await this.inSlot(ctx, watched);
    if (after !== null) this.warnings.consider(ctx, 'users', after, () => this.total(ctx));
    return result;
  }

  total(ctx: RequestContext): Promise<number> {
    return this.rows.sum(ctx, 'users', FOR_GOOD);
  }

  /** Takes into account who was there before they were counted. */
  async correct(ctx: RequestContext, by: number): Promise<void> {
    await this.rows.prepare(ctx, partOf(SHARED_SLOT));
    await this.rows.add(ctx, partOf(SHARED_SLOT), by);
  }

  private async inSlot<T>(ctx: RequestContext, work: (count: CountUsers) => Promise<T>): Promise<T> {
    const slot = this.slots.take(ctx.tenantId);
    try {
      return await this.counted(ctx, slot, work);
    } finally {
      this.slots.release(ctx.tenantId, slot);
    }
  }

  private async counted<T>(ctx: RequestContext, slot: number, work: (count: CountUsers) => Promise<T>): Promise<T> {
    await this.rows.prepare(ctx, partOf(slot));
    return work(async (tx, by) => {
      try {
        await this.rows.add(tx, partOf(slot), by);
      } catch (error) {
        if (slot !== SHARED_SLOT) this.slots.avoid(slot);
        throw error;
      }
    });
  }

  /** Whoever else counts near the limit now has written the same row: one of the two is tried again, and sees the other. */
  private async requireWithin(tx: RequestContext): Promise<number> {
    const limit = limitOf(tx.tenant, 'users');
    const total = await this.total(tx);
    if (limit !== null && total > limit) throw quotaExceeded('users', limit);
    return total;
  }
}

const partOf = (slot: number): CounterPart => ({ counter: 'users', period: FOR_GOOD, slot });
