import { Prop, Schema } from '@nestjs/mongoose';
import { TenantDocumentBase, tenantCollection } from '#caas/tenancy';

/** `users` is counted here; `messages` is the gate of a month that is nearly used up: see `MessageQuota`. */
export const COUNTERS = ['users', 'messages'] as const;
export type Counter = (typeof COUNTERS)[number];

/**
 * A part of a count: the whole is the sum over its slots. Several rows, because writers of one would refuse each other: those
 * who count at the same time do so in slots of their own.
 */
@Schema()
export class UsageCounter extends TenantDocumentBase {
  @Prop({ type: String, enum: COUNTERS, required: true })
  counter: Counter;

  /** A month as `yyyy-mm`, UTC; `all` for what is counted for good. */
  @Prop({ type: String, required: true })
  period: string;

  @Prop({ type: Number, required: true })
  slot: number;

  /** Below zero where more went than came: what counts is the sum. */
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
