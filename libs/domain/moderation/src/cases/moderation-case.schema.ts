import { Prop, Schema } from '@nestjs/mongoose';
import type { ObjectId } from 'bson';
import { Types } from 'mongoose';
import type { UserReference } from '#caas/kernel';
import { UserReferenceProp } from '#caas/domain/users';
import { TenantDocumentBase, tenantCollection } from '#caas/tenancy';

export const TARGET_TYPES = ['message', 'user'] as const;
export type TargetType = (typeof TARGET_TYPES)[number];

export const CASE_STATUSES = ['open', 'closed'] as const;
export type CaseStatus = (typeof CASE_STATUSES)[number];

export const DECISIONS = ['dismiss', 'delete_message', 'deactivate_user', 'ban_user'] as const;
export type DecisionKind = (typeof DECISIONS)[number];

export interface Decision {
  kind: DecisionKind;
  note: string | null;
  /** `server_key:<id>`, or the external id of the user whom the server acted as. */
  by: string;
  at: Date;
}

/** Something that moderators must review: one open case for each message or user, however many users reported it. */
@Schema()
export class ModerationCase extends TenantDocumentBase {
  /** The target's id while the case is open, afterwards the case's own id, so that a target has at most one open case. */
  @Prop({ type: Types.ObjectId, required: true })
  open_key: ObjectId;

  @Prop({ type: String, enum: TARGET_TYPES, required: true })
  target_type: TargetType;

  @Prop({ type: Types.ObjectId, required: true })
  target_id: ObjectId;

  /** The user whom the case is about: the reported user, or the sender of the message. */
  @UserReferenceProp()
  user: UserReference;

  /** The conversation of the message, if the case is about one. */
  @Prop({ type: Types.ObjectId, default: null })
  conversation_id: ObjectId | null;

  @Prop({ type: String, enum: CASE_STATUSES, required: true })
  status: CaseStatus;

  @Prop({ type: Number, default: 0 })
  report_count: number;

  /** The tenant's own words or patterns flagged it. */
  @Prop({ type: Boolean, default: false })
  flagged: boolean;

  /** In an open case: a decision that is being carried out. */
  @Prop({ type: Object, default: null })
  decision: Decision | null;
}

export const moderationCases = tenantCollection(ModerationCase, {
  name: 'moderation_cases',
  indexes: [
    { key: { tenant_id: 1, open_key: 1 }, unique: true, serves: 'the open case of a target; and there is one' },
    { key: { tenant_id: 1, status: 1, _id: 1 }, serves: 'a page of the queue' },
    { key: { tenant_id: 1, _id: 1 }, serves: 'a page of all' },
    { key: { tenant_id: 1, 'user.user_id': 1, _id: 1 }, serves: 'refreshing names' },
  ],
});
