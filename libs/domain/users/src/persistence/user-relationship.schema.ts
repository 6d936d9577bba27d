import { Prop, Schema } from '@nestjs/mongoose';
import type { UserReference } from '#caas/kernel';
import { TenantDocumentBase, tenantCollection } from '#caas/tenancy';
import { UserReferenceProp } from './user-reference.schema';

export const RELATIONSHIP_TYPES = ['friend', 'block', 'mute'] as const;
export type RelationshipType = (typeof RELATIONSHIP_TYPES)[number];

/** Friends are `pending` until both sides asked; a block or a mute is `active` at once. */
export const RELATIONSHIP_STATUSES = ['pending', 'accepted', 'active'] as const;
export type RelationshipStatus = (typeof RELATIONSHIP_STATUSES)[number];

/**
 * What `user` holds towards `target`. A friend request has a row on both sides from the start: two requests that cross
 * then write the same two documents, and the engine sees to it that one of them finds the other.
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

  /** Did `user` ask for it? False on the side that was sent a friend request and has not answered. */
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
