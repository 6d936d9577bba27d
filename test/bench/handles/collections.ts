import { Prop, Schema } from '@nestjs/mongoose';
import { tenantCollection, TenantDocumentBase } from '#caas/tenancy';
import type { TenantCollectionDefinition } from '#caas/tenancy/testing';

@Schema()
class BenchDocument extends TenantDocumentBase {
  @Prop({ type: String, required: true })
  external_id: string;

  @Prop({ type: String, default: '' })
  display_name: string;

  @Prop({ type: Object, default: {} })
  metadata: Record<string, unknown>;

  @Prop({ type: [String], default: [] })
  labels: string[];

  @Prop({ type: Date, default: null })
  seen_at: Date | null;

  @Prop({ type: Number, default: 0 })
  seq: number;
}

/** As many as the first domains declare: what counts for memory is how many models a tenant's handle compiles. */
const NAMES = ['users', 'user_devices', 'user_sessions', 'user_relationships', 'conversations', 'messages', 'outbox'];

export const benchCollections: TenantCollectionDefinition<BenchDocument>[] = NAMES.map((name) =>
  tenantCollection(BenchDocument, {
    name,
    indexes: [
      { key: { tenant_id: 1, external_id: 1 }, unique: true, serves: 'look up by external id' },
      { key: { tenant_id: 1, seq: 1 }, serves: 'page in order' },
    ],
  }),
);
