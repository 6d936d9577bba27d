import { Prop, Schema } from '@nestjs/mongoose';
import { TenantDocumentBase, tenantCollection } from '#caas/tenancy';

/** The storage used by a tenant's files: one row, changed in the transactions that create and delete rows of `files`. */
@Schema()
export class MediaUsageRow extends TenantDocumentBase {
  /** The sum of `size_bytes` of the files that are not deleted, including uploads in progress. */
  @Prop({ type: Number, default: 0 })
  bytes: number;

  @Prop({ type: Number, default: 0 })
  files: number;
}

export const mediaUsage = tenantCollection(MediaUsageRow, {
  name: 'media_usage',
  indexes: [{ key: { tenant_id: 1 }, unique: true, serves: 'the usage of a tenant, which has one' }],
});
