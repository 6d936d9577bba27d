import { Prop, Schema } from '@nestjs/mongoose';
import type { ObjectId } from 'bson';
import { Types } from 'mongoose';
import type { NewDocument, UserReference } from '#caas/kernel';
import { UserReferenceProp } from '#caas/domain/users';
import { TenantDocumentBase, tenantCollection } from '#caas/tenancy';
import { ROLES, type Role } from './roles';

/** One user in one conversation of any type, with the user's own state: how far they have read, and their preferences. */
@Schema()
export class Member extends TenantDocumentBase {
  @Prop({ type: Types.ObjectId, required: true })
  conversation_id: ObjectId;

  @UserReferenceProp()
  user: UserReference;

  @Prop({ type: String, enum: ROLES, default: 'member' })
  role: Role;

  /**
   * Watermarks: everything up to here is read, or delivered. They never decrease. The member's own messages count too: see
   * `watermarksOf`.
   */
  @Prop({ type: Number, default: 0 })
  read_seq: number;

  @Prop({ type: Number, default: 0 })
  delivered_seq: number;

  /** The conversation's `last_seq` when the member joined. Where `history` is "joined", the member sees only later messages. */
  @Prop({ type: Number, default: 0 })
  joined_seq: number;

  /** The conversation's `rev` when the member joined. What a client remembers from before belongs to an earlier membership. */
  @Prop({ type: Number, default: 0 })
  joined_rev: number;

  @Prop({ type: Date, default: null })
  muted_until: Date | null;

  @Prop({ type: Boolean, default: false })
  pinned: boolean;

  @Prop({ type: Boolean, default: false })
  archived: boolean;
}

export const members = tenantCollection(Member, {
  name: 'group_members',
  indexes: [
    {
      key: { tenant_id: 1, conversation_id: 1, 'user.user_id': 1 },
      unique: true,
      serves: 'may this user see this conversation; the members of a conversation',
    },
    { key: { tenant_id: 1, 'user.user_id': 1, _id: 1 }, serves: 'the conversations of a user; refreshing names' },
  ],
});

/** A new member's row: messages from before they joined count as read. */
export const newMember = (
  conversation_id: ObjectId,
  user: UserReference,
  role: Role,
  { last_seq, rev }: { last_seq: number; rev: number },
): NewDocument<Member> => ({
  conversation_id,
  user,
  role,
  read_seq: last_seq,
  delivered_seq: last_seq,
  joined_seq: last_seq,
  joined_rev: rev,
  muted_until: null,
  pinned: false,
  archived: false,
});
