import { Prop, Schema } from '@nestjs/mongoose';
import { QUOTAS, type Quota } from '#caas/kernel';
import { TenantDocumentBase, tenantCollection } from '#caas/tenancy';

/** Records that a warning about a quota was sent. The process that inserts the row sends the warning. */
@Schema()
export class QuotaWarning extends TenantDocumentBase {
  @Prop({ type: String, enum: QUOTAS, required: true })
  quota: Quota;

  /** The month of the warning, `yyyy-mm`, UTC. */
  @Prop({ type: String, required: true })
  period: string;

  @Prop({ type: Number, required: true })
  percent: number;

  /** Part of the key: a changed limit is warned about again. */
  @Prop({ type: Number, required: true })
  limit: number;

  @Prop({ type: Number, required: true })
  used: number;
}

export const quotaWarnings = tenantCollection(QuotaWarning, {
  name: 'quota_warnings',
  indexes: [
    {
      key: { tenant_id: 1, period: 1, quota: 1, percent: 1, limit: 1 },
      unique: true,
      serves: 'the warnings of a month; and each is told once, whichever process finds it due',
    },
  ],
});
