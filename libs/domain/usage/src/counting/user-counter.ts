import { Injectable } from '@nestjs/common';
import type { RequestContext } from '#caas/kernel';
import { KeyedMutex } from '#caas/platform/concurrency';
import { FOR_GOOD } from '../period';
import { limitOf, quotaExceeded } from '../quotas/quotas';
import { QuotaWarnings } from '../quotas/quota-warnings';
import { CounterRepository, type CounterPart } from './counter-repository';
import { SHARED_SLOT, CounterShards } from './counter-shards';

/** Within this distance of the limit, creations are serialized over all processes. Larger than the number of concurrent creations. */
const NEAR = 100;

/**
 * Counts users, within the transaction that creates or deletes them. May be called again when the transaction is retried.
 * @throws CaasError `quota_exceeded` (402)
 */
export type CountUsers = (tx: RequestContext, by: number) => Promise<void>;

/**
 * Counts a tenant's users exactly: the count changes in the same transaction as the users. Each writer uses its own slot, so writers do
 * not conflict. Near the limit all writers use one shared slot, so the limit is never exceeded.
 */
@Injectable()
export class UserCounter {
  private readonly slots = new CounterShards();
  /** By tenant. Near the limit all transactions write one row; without this mutex, those of this process would only conflict and retry. */
  private readonly nearLimit = new KeyedMutex();

  constructor(
    private readonly rows: CounterRepository,
    private readonly warnings: QuotaWarnings,
  ) {}

  /**
   * Runs `work`, which opens its own transaction and counts in it; warns when the limit is near afterwards.
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

  /** Adds users who existed before counting began. */
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

  /** Every concurrent creation near the limit writes the same row, so conflicting ones are retried and then see each other. */
  private async requireWithin(tx: RequestContext): Promise<number> {
    const limit = limitOf(tx.tenant, 'users');
    const total = await this.total(tx);
    if (limit !== null && total > limit) throw quotaExceeded('users', limit);
    return total;
  }
}

const partOf = (slot: number): CounterPart => ({ counter: 'users', period: FOR_GOOD, slot });
