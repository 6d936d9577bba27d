import { Prop, Schema } from '@nestjs/mongoose';
import type { ObjectId } from 'bson';
import { Types } from 'mongoose';
import { TenantDocumentBase, tenantCollection } from '#caas/tenancy';

/** Records that something was erased from cold storage and what it concerned, but none of its content. */
@Schema()
export class ArchiveErasure extends TenantDocumentBase {
  @Prop({ type: Types.ObjectId, default: null })
  conversation_id: ObjectId | null;

  @Prop({ type: Types.ObjectId, default: null })
  user_id: ObjectId | null;

  @Prop({ type: Number, default: 0 })
  segments: number;

  @Prop({ type: Number, default: 0 })
  messages: number;

  /** Null until the old objects are deleted. */
  @Prop({ type: Date, default: null })
  done_at: Date | null;
}

export const archiveErasures = tenantCollection(ArchiveErasure, {
  name: 'archive_erasures',
  indexes: [{ key: { tenant_id: 1, _id: 1 }, serves: 'what was erased of a tenant' }],
});
