import { Prop, Schema } from '@nestjs/mongoose';
import type { ObjectId } from 'bson';
import { Types } from 'mongoose';
import type { UserReference } from '#caas/kernel';
import { UserReferenceProp } from '#caas/domain/users';
import { TenantDocumentBase, tenantCollection } from '#caas/tenancy';
import { POST_KINDS, VISIBILITIES, type PostKind, type Visibility } from './post-kinds';

/** What a user shows to others: a post, a reel (one video), or a story, which is gone after a day. */
@Schema()
export class Post extends TenantDocumentBase {
  @UserReferenceProp()
  author: UserReference;

  @Prop({ type: String, enum: POST_KINDS, required: true })
  kind: PostKind;

  @Prop({ type: String, default: null })
  text: string | null;

  /** In the order in which they are shown. What they are is read when the post is. */
  @Prop({ type: [Types.ObjectId], default: [] })
  file_ids: ObjectId[];

  @Prop({ type: String, enum: VISIBILITIES, required: true })
  visibility: Visibility;

  @Prop({ type: Object, default: null })
  metadata: Record<string, unknown> | null;

  /** By emoji, whose spelling as a key is that of kernel's `keyOfEmoji`. */
  @Prop({ type: Object, default: {} })
  reaction_counts: Record<string, number>;

  @Prop({ type: Number, default: 0 })
  view_count: number;

  /** How often its author changed it: the version that ETag and If-Match speak of. Reactions and views do not count. */
  @Prop({ type: Number, default: 0 })
  edition: number;

  @Prop({ type: Date, default: null })
  edited_at: Date | null;

  /** From then on nobody sees it, and soon after it is purged. Of a story: a day after it was posted; of a deleted post: at once. */
  @Prop({ type: Date, default: null })
  expires_at: Date | null;
}

/** A query names the condition, or the engine cannot use the index. */
export const EXPIRES = { expires_at: { $gt: new Date(0) } };

export const posts = tenantCollection(Post, {
  name: 'posts',
  indexes: [
    {
      key: { tenant_id: 1, kind: 1, visibility: 1, _id: 1 },
      serves: 'the feed: what is public, and what is for friends, newest first',
    },
    {
      key: { tenant_id: 1, 'author.user_id': 1, _id: 1 },
      serves: 'the posts of a user, newest first; refreshing names',
    },
    { key: { tenant_id: 1, expires_at: 1 }, partial: EXPIRES, serves: 'what is to be purged' },
  ],
});
