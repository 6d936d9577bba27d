import { Prop, Schema } from '@nestjs/mongoose';
import type { ObjectId } from 'bson';
import { Types } from 'mongoose';
import type { UserReference } from '#caas/kernel';
import { UserReferenceProp } from '#caas/domain/users';
import { TenantDocumentBase, tenantCollection } from '#caas/tenancy';

/** That a user has seen a post, and when first. The post keeps the count. */
@Schema()
export class PostView extends TenantDocumentBase {
  @Prop({ type: Types.ObjectId, required: true })
  post_id: ObjectId;

  @UserReferenceProp()
  user: UserReference;
}

export const postViews = tenantCollection(PostView, {
  name: 'post_views',
  indexes: [
    {
      key: { tenant_id: 1, post_id: 1, 'user.user_id': 1 },
      unique: true,
      serves: 'has this user seen the post? and nobody counts twice',
    },
    { key: { tenant_id: 1, post_id: 1, _id: 1 }, serves: 'who has seen a post' },
    { key: { tenant_id: 1, 'user.user_id': 1, _id: 1 }, serves: 'refreshing names' },
  ],
});
