import { Prop, Schema } from '@nestjs/mongoose';
import type { ObjectId } from 'bson';
import { Types } from 'mongoose';
import type { UserReference } from '#caas/kernel';
import { UserReferenceProp } from '#caas/domain/users';
import { TenantDocumentBase, tenantCollection } from '#caas/tenancy';

export const REASONS = ['spam', 'harassment', 'hate', 'violence', 'sexual', 'illegal', 'other'] as const;
export type Reason = (typeof REASONS)[number];

/** One user's complaint about a message or a user. */
@Schema()
export class ModerationReport extends TenantDocumentBase {
  @Prop({ type: Types.ObjectId, required: true })
  case_id: ObjectId;

  @Prop({ type: Types.ObjectId, required: true })
  target_id: ObjectId;

  @UserReferenceProp()
  reporter: UserReference;

  @Prop({ type: String, enum: REASONS, required: true })
  reason: Reason;

  @Prop({ type: String, default: null })
  detail: string | null;
}

export const moderationReports = tenantCollection(ModerationReport, {
  name: 'moderation_reports',
  indexes: [
    {
      key: { tenant_id: 1, target_id: 1, 'reporter.user_id': 1 },
      unique: true,
      serves: 'what this user reported of it; and that is once',
    },
    { key: { tenant_id: 1, case_id: 1, _id: 1 }, serves: 'the last reports of a case' },
    { key: { tenant_id: 1, 'reporter.user_id': 1, _id: 1 }, serves: 'refreshing names' },
  ],
});
