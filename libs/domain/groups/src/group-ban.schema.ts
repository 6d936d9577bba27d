import { Prop, Schema } from '@nestjs/mongoose';
import type { ObjectId } from 'bson';
import { Types } from 'mongoose';
import type { UserReference } from '#caas/kernel';
import { UserReferenceProp } from '#caas/domain/users';
import { TenantDocumentBase, tenantCollection } from '#caas/tenancy';

/** Keeps a user out of a group, whichever way they try to enter. */
@Schema()
export class GroupBan extends TenantDocumentBase {
  @Prop({ type: Types.ObjectId, required: true })
  group_id: ObjectId;

  @UserReferenceProp()
  user: UserReference;

  @Prop({ type: String, default: null })
  reason: string | null;
}

export const groupBans = tenantCollection(GroupBan, {
  name: 'group_bans',
  indexes: [
    { key: { tenant_id: 1, group_id: 1, 'user.user_id': 1 }, unique: true, serves: 'is this user banned here?' },
    { key: { tenant_id: 1, group_id: 1, _id: 1 }, serves: 'a page of the bans of a group' },
    { key: { tenant_id: 1, 'user.user_id': 1, _id: 1 }, serves: 'refreshing names' },
  ],
});
