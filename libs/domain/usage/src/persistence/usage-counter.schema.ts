import { Prop, Schema } from '@nestjs/mongoose';
import { TenantDocumentBase, tenantCollection } from '#caas/tenancy';

/** `users` is counted here; `messages` is only the gate near a month's limit: see `MessageQuota`. */
export const COUNTERS = ['users', 'messages'] as const;
export type Counter = (typeof COUNTERS)[number];

/**
 * One slot of a counter; the count is the sum over its slots. There are several rows because concurrent transactions on one row
 * conflict: each writer uses a slot of its own.
 */
@Schema()
export class UsageCounter extends TenantDocumentBase {
  @Prop({ type: String, enum: COUNTERS, required: true })
  counter: Counter;

  /** A month as `yyyy-mm`, UTC; `all` for counters that are not monthly. */
  @Prop({ type: String, required: true })
  period: string;

  @Prop({ type: Number, required: true })
  slot: number;

  /** May be negative, because one slot may see more deletions than creations: only the sum matters. */
  @Prop({ type: Number, required: true })
  count: number;
}

export const usageCounters = tenantCollection(UsageCounter, {
  name: 'usage_counters',
  indexes: [
    {
      key: { tenant_id: 1, counter: 1, period: 1, slot: 1 },
      unique: true,
      serves: 'the sum of a period; and each slot has one row',
    },
  ],
});
