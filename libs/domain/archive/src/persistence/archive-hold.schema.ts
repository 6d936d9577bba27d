import { Prop, Schema } from '@nestjs/mongoose';
import type { ObjectId } from 'bson';
import { Types } from 'mongoose';
import { TenantDocumentBase, tenantCollection } from '#caas/tenancy';

export const HOLD_REASONS = ['legal', 'restored'] as const;

/** Holds all messages of the tenant, of a conversation, or of a user where they are. */
@Schema()
export class ArchiveHold extends TenantDocumentBase {
  /** `legal`: not archived, erased or expired. `restored`: not archived until `until`. */
  @Prop({ type: String, enum: HOLD_REASONS, required: true })
  reason: (typeof HOLD_REASONS)[number];

  @Prop({ type: Types.ObjectId, default: null })
  conversation_id: ObjectId | null;

  @Prop({ type: Types.ObjectId, default: null })
  user_id: ObjectId | null;

  /** Limits the hold to part of a conversation, when only that part was restored. */
  @Prop({ type: Number, default: 0 })
  first_seq: number;

  @Prop({ type: Number, default: null })
  last_seq: number | null;

  /** Null: until it is lifted. */
  @Prop({ type: Date, default: null })
  until: Date | null;
}

export const archiveHolds = tenantCollection(ArchiveHold, {
  name: 'archive_holds',
  indexes: [{ key: { tenant_id: 1, conversation_id: 1, user_id: 1 }, serves: 'the holds of a tenant; lifting one' }],
});
