import { Prop, Schema } from '@nestjs/mongoose';
import type { UserReference } from '#caas/kernel';
import { TenantDocumentBase, tenantCollection } from '#caas/tenancy';
import { UserReferenceProp } from './user-reference.schema';

export const RELATIONSHIP_TYPES = ['friend', 'block', 'mute'] as const;
export type RelationshipType = (typeof RELATIONSHIP_TYPES)[number];

/** Friendships are `pending` until both sides have asked; a block or a mute is `active` at once. */
export const RELATIONSHIP_STATUSES = ['pending', 'accepted', 'active'] as const;
export type RelationshipStatus = (typeof RELATIONSHIP_STATUSES)[number];

/**
 * The relationship of `user` to `target`. A friend request writes a row for both sides at once: two crossing requests then write the
 * same two documents, so the engine detects the conflict and one of them sees the other.
 */
@Schema()
export class UserRelationship extends TenantDocumentBase {
  @UserReferenceProp()
  user: UserReference;

  @UserReferenceProp()
  target: UserReference;

  @Prop({ type: String, enum: RELATIONSHIP_TYPES, required: true })
  type: RelationshipType;

  @Prop({ type: String, enum: RELATIONSHIP_STATUSES, required: true })
  status: RelationshipStatus;

  /** Whether `user` asked for it. False for the receiver of a friend request who has not answered. */
  @Prop({ type: Boolean, required: true })
  requested: boolean;
}

export const userRelationships = tenantCollection(UserRelationship, {
  name: 'user_relationships',
  indexes: [
    {
      key: { tenant_id: 1, 'user.user_id': 1, 'target.user_id': 1, type: 1 },
      unique: true,
      serves: 'what one user holds towards another: is blocked, is muted, are friends',
    },
    { key: { tenant_id: 1, 'user.user_id': 1, _id: -1 }, serves: 'a page of the relationships of a user' },
    { key: { tenant_id: 1, 'user.user_id': 1, type: 1, _id: -1 }, serves: 'a page of those of one type' },
    {
      key: { tenant_id: 1, 'target.user_id': 1, _id: 1 },
      serves: 'copies of the name of a renamed target; who blocks',
    },
  ],
});
