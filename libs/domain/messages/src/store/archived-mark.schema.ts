import { Prop, raw, Schema } from '@nestjs/mongoose';
import type { ObjectId } from 'bson';
import { Types } from 'mongoose';
import type { UserReference } from '#caas/kernel';
import { userReferenceShape } from '#caas/domain/users';
import { TenantDocumentBase, tenantCollection } from '#caas/tenancy';
import { HAS_REPLIERS, IS_PINNED } from './message.schema';

/**
 * The state of a message in cold storage that may still change: its thread and its pin. The row's id is the message's id. The row
 * is ignored while the message itself is hot.
 */
@Schema()
export class ArchivedMark extends TenantDocumentBase {
  @Prop({ type: Types.ObjectId, required: true })
  conversation_id: ObjectId;

  @Prop({ type: Number, required: true })
  seq: number;

  /** The conversation's `rev` at the message's last change. */
  @Prop({ type: Number, required: true })
  rev: number;

  @Prop({ type: Number, default: 0 })
  reply_count: number;

  @Prop({ type: [raw({ ...userReferenceShape, _id: false })], default: [] })
  last_repliers: UserReference[];

  @Prop({ type: Date, default: null })
  pinned_at: Date | null;

  /** How often the message changed since it was archived. Its `__v` has grown by this number. */
  @Prop({ type: Number, default: 0 })
  changes: number;

  /** The message's `updated_at` since it was archived; null when it did not change. */
  @Prop({ type: Date, default: null })
  changed_at: Date | null;
}

export const archivedMarks = tenantCollection(ArchivedMark, {
  name: 'archived_marks',
  indexes: [
    { key: { tenant_id: 1, conversation_id: 1, rev: 1 }, serves: 'sync: archived messages that changed after a rev' },
    { key: { tenant_id: 1, conversation_id: 1, pinned_at: 1 }, partial: IS_PINNED, serves: 'what is pinned' },
    { key: { tenant_id: 1, 'last_repliers.user_id': 1, _id: 1 }, partial: HAS_REPLIERS, serves: 'refreshing names' },
  ],
});
