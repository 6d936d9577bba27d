import { Prop, Schema } from '@nestjs/mongoose';
import type { ObjectId } from 'bson';
import { Types } from 'mongoose';
import type { UserReference } from '#caas/kernel';
import { UserReferenceProp } from '#caas/domain/users';
import { TenantDocumentBase, tenantCollection } from '#caas/tenancy';

export const GROUP_TYPES = ['group', 'channel'] as const;
export type GroupType = (typeof GROUP_TYPES)[number];

/** A group or channel with rules of its own: it owns one conversation, whose members are the group's members. */
@Schema()
export class Group extends TenantDocumentBase {
  @Prop({ type: Types.ObjectId, required: true })
  conversation_id: ObjectId;

  @Prop({ type: String, enum: GROUP_TYPES, required: true })
  type: GroupType;

  @Prop({ type: String, required: true })
  name: string;

  @Prop({ type: String, default: null })
  description: string | null;

  @Prop({ type: Object, default: {} })
  metadata: Record<string, unknown>;

  @UserReferenceProp()
  created_by: UserReference;

  /** The number of changes by `PATCH`, which is the version in ETag and If-Match. Absent means 0. */
  @Prop({ type: Number })
  edition?: number;
}

export const groupEditionOf = ({ edition = 0 }: Pick<Group, 'edition'>): number => edition;

export const groups = tenantCollection(Group, {
  name: 'groups',
  indexes: [
    { key: { tenant_id: 1, conversation_id: 1 }, unique: true, serves: 'the groups of somebody’s conversations' },
    { key: { tenant_id: 1, 'created_by.user_id': 1, _id: 1 }, serves: 'refreshing names' },
  ],
});
