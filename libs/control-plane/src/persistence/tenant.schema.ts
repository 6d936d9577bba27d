import { Prop, Schema, SchemaFactory } from '@nestjs/mongoose';
import { TIERS, type QuotaLimits, type Tier } from '#caas/kernel';

export const TENANT_STATES = ['provisioning', 'active', 'suspended', 'deleting', 'deleted'] as const;
export type TenantState = (typeof TENANT_STATES)[number];

/** The process that creates a tenant, and until when others must not. */
export interface ProvisioningLease {
  holder: string;
  until: Date;
}

/** One row for every tenant there ever was: a deleted one keeps its row, so that its id is never used again. */
@Schema({ collection: 'tenants', versionKey: false })
export class TenantRecord {
  @Prop({ type: String, required: true })
  _id: string;

  @Prop({ type: String, required: true })
  name: string;

  @Prop({ type: String, enum: TIERS, required: true })
  tier: Tier;

  @Prop({ type: String, enum: TENANT_STATES, required: true })
  status: TenantState;

  /** Closed in a SecretBox: it holds a credential. */
  @Prop({ type: String, default: null })
  database_uri: string | null;

  /** Quotas agreed with the tenant, which replace the tier's. */
  @Prop({ type: Object, default: {} })
  quotas?: Partial<QuotaLimits>;

  /** Changes by operators: the version that ETag and If-Match speak of. Absent: none. */
  @Prop({ type: Number })
  edition?: number;

  /** Set during creation. When it is missing or expired, the next creation with the same id resumes this one. */
  @Prop({ type: Object, default: null })
  lease?: ProvisioningLease | null;

  /**
   * For a deleted tenant: when its placement is dropped again. Until every process knows of the deletion, a concurrent write may create
   * a collection again after the first drop.
   */
  @Prop({ type: Date, default: null })
  sweep_at?: Date | null;

  @Prop({ type: Date, required: true })
  created_at: Date;

  @Prop({ type: Date, required: true })
  updated_at: Date;
}

export const TenantSchema = SchemaFactory.createForClass(TenantRecord);
// GET /platform/v1/tenants, newest first
TenantSchema.index({ created_at: -1, _id: -1 });
