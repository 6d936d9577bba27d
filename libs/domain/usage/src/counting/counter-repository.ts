import { Injectable } from '@nestjs/common';
import type { ObjectId } from 'bson';
import { LRUCache } from 'lru-cache';
import { DuplicateKeyError, type RequestContext, type Update } from '#caas/kernel';
import { usageCounters, type Counter, type UsageCounter } from '../persistence/usage-counter.schema';

const MAX_REMEMBERED = 100_000;

/** One slot of a counter. */
export interface CounterPart {
  counter: Counter;
  period: string;
  slot: number;
}

/** The queries on `usage_counters`. */
@Injectable()
export class CounterRepository {
  /** Rows are never deleted while the tenant exists, so their ids can be cached. */
  private readonly ids = new LRUCache<string, ObjectId>({ max: MAX_REMEMBERED });

  /** Creates the row if it is missing. Call it before the transaction: two transactions that create it would conflict. */
  async prepare(ctx: RequestContext, part: CounterPart): Promise<void> {
    if (this.ids.has(keyOf(ctx, part))) return;
    const row = (await this.find(ctx, part)) ?? (await this.make(ctx, part));
    this.ids.set(keyOf(ctx, part), row._id);
  }

  /** @returns the part's new count @throws Error unless it was prepared */
  add(tx: RequestContext, part: CounterPart, by: number): Promise<number> {
    return this.update(tx, part, { $inc: { count: by } });
  }

  /** @throws Error unless the part was prepared */
  async set(tx: RequestContext, part: CounterPart, count: number): Promise<void> {
    await this.update(tx, part, { $set: { count } });
  }

  async sum(ctx: RequestContext, counter: Counter, period: string): Promise<number> {
    const rows = await ctx.repository(usageCounters).find({ counter, period }, { fields: ['count'] });
    return rows.reduce((sum, { count }) => sum + count, 0);
  }

  private async update(tx: RequestContext, part: CounterPart, change: Update<UsageCounter>): Promise<number> {
    const _id = this.ids.get(keyOf(tx, part));
    const row = _id ? await tx.repository(usageCounters).findOneAndUpdate({ _id }, change) : null;
    if (!row) throw new Error(`There is no row for ${keyOf(tx, part)}`);
    return row.count;
  }

  private find(ctx: RequestContext, { counter, period, slot }: CounterPart) {
    return ctx.repository(usageCounters).findOne({ counter, period, slot }, { fields: ['_id'] });
  }

  private async make(ctx: RequestContext, part: CounterPart): Promise<{ _id: ObjectId }> {
    try {
      return await ctx.repository(usageCounters).insertOne({ ...part, count: 0 });
    } catch (error) {
      const others = error instanceof DuplicateKeyError && (await this.find(ctx, part));
      if (others) return others;
      throw error;
    }
  }
}

const keyOf = ({ tenantId }: RequestContext, { counter, period, slot }: CounterPart): string =>
  `${tenantId}:${counter}:${period}:${slot}`;
