import { Prop, Schema } from '@nestjs/mongoose';
import type { ObjectId } from 'bson';
import { Types } from 'mongoose';
import type { UserReference } from '#caas/kernel';
import { UserReferenceProp } from '#caas/domain/users';
import { TenantDocumentBase, tenantCollection } from '#caas/tenancy';

/** Lets users who have its code join a group. Revoked invites stay as soft-deleted rows, so that the error can say why a code fails. */
@Schema()
export class GroupInvite extends TenantDocumentBase {
  @Prop({ type: Types.ObjectId, required: true })
  group_id: ObjectId;

  /** SHA-256 of the code. The code itself is not stored. */
  @Prop({ type: String, required: true })
  code_hash: string;

  @UserReferenceProp()
  created_by: UserReference;

  @Prop({ type: Date, required: true })
  expires_at: Date;

  /** Null: no limit until it expires. */
  @Prop({ type: Number, default: null })
  max_uses: number | null;

  @Prop({ type: Number, default: 0 })
  uses: number;
}

export const groupInvites = tenantCollection(GroupInvite, {
  name: 'group_invites',
  indexes: [
    { key: { tenant_id: 1, code_hash: 1 }, unique: true, serves: 'the invite of a code' },
    { key: { tenant_id: 1, group_id: 1, _id: 1 }, serves: 'a page of the invites of a group' },
    { key: { tenant_id: 1, 'created_by.user_id': 1, _id: 1 }, serves: 'refreshing names' },
  ],
});
