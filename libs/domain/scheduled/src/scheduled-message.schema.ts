import { Prop, Schema } from '@nestjs/mongoose';
import type { ObjectId } from 'bson';
import { Types } from 'mongoose';
import type { UserReference } from '#caas/kernel';
import { UserReferenceProp } from '#caas/domain/users';
import { TenantDocumentBase, tenantCollection } from '#caas/tenancy';
import type { MessageBody } from '#caas/domain/messages';

/** `pending` → `sending` → `sent` or `failed`; or `pending` → `cancelled`. Each step is one conditional update. */
export const SCHEDULED_STATES = ['pending', 'sending', 'sent', 'failed', 'cancelled'] as const;
export type ScheduledState = (typeof SCHEDULED_STATES)[number];

const SETTLED_KEPT_SECONDS = 30 * 24 * 60 * 60;

/**
 * Selects the rows that are still to be sent. The partial index over them stays small, however many were sent. A query must repeat
 * the condition.
 */
export const IS_TO_BE_SENT = { due_at: { $gt: new Date(0) } };

/** A message that its sender wants sent later. */
@Schema()
export class ScheduledMessage extends TenantDocumentBase {
  @Prop({ type: Types.ObjectId, required: true })
  conversation_id: ObjectId;

  @UserReferenceProp()
  user: UserReference;

  /** The content as the client gave it. Null once it was sent or cancelled, so that a deleted message leaves no second copy here. */
  @Prop({ type: Object, default: null })
  message: MessageBody | null;

  /** The time that the user asked for. */
  @Prop({ type: Date, required: true })
  send_at: Date;

  @Prop({ type: String, enum: SCHEDULED_STATES, default: 'pending' })
  state: ScheduledState;

  /** When a worker takes it next: at first `send_at`; during a send, the time from which another worker may try; null at the end. */
  @Prop({ type: Date, default: null })
  due_at: Date | null;

  @Prop({ type: Types.ObjectId, default: null })
  message_id: ObjectId | null;

  /** The error code of the refusal. */
  @Prop({ type: String, default: null })
  failed_because: string | null;

  @Prop({ type: Date, default: null })
  settled_at: Date | null;

  /** The number of changes by its owner, which is the version in ETag and If-Match. Absent means 0. */
  @Prop({ type: Number })
  edition?: number;
}

export const scheduledEditionOf = ({ edition = 0 }: Pick<ScheduledMessage, 'edition'>): number => edition;

export const scheduledMessages = tenantCollection(ScheduledMessage, {
  name: 'scheduled_messages',
  indexes: [
    { key: { tenant_id: 1, due_at: 1 }, partial: IS_TO_BE_SENT, serves: 'what is due' },
    { key: { tenant_id: 1, 'user.user_id': 1, _id: 1 }, serves: "a page of a user's; refreshing names" },
    { key: { tenant_id: 1, 'user.user_id': 1, state: 1, _id: 1 }, serves: 'how many of a user wait' },
    { key: { settled_at: 1 }, expireAfterSeconds: SETTLED_KEPT_SECONDS, serves: 'forgetting what was settled' },
  ],
});
