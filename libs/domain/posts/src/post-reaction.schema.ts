import { Prop, Schema } from '@nestjs/mongoose';
import type { ObjectId } from 'bson';
import { Types } from 'mongoose';
import type { UserReference } from '#caas/kernel';
import { UserReferenceProp } from '#caas/domain/users';
import { TenantDocumentBase, tenantCollection } from '#caas/tenancy';

/** One emoji of one user on one post. The post keeps the counts. */
@Schema()
export class PostReaction extends TenantDocumentBase {
  @Prop({ type: Types.ObjectId, required: true })
  post_id: ObjectId;

  @UserReferenceProp()
  user: UserReference;

  @Prop({ type: String, required: true })
  emoji: string;
}

export const postReactions = tenantCollection(PostReaction, {
  name: 'post_reactions',
  indexes: [
    {
      key: { tenant_id: 1, post_id: 1, 'user.user_id': 1, emoji: 1 },
      unique: true,
      serves: 'the reactions of one user to the posts of a page; and nobody reacts the same twice',
    },
    { key: { tenant_id: 1, post_id: 1, _id: 1 }, serves: 'the reactions to a post' },
    { key: { tenant_id: 1, 'user.user_id': 1, _id: 1 }, serves: 'refreshing names' },
  ],
});
