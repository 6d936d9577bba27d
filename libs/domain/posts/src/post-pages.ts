import { Injectable } from '@nestjs/common';
import type { ObjectId } from 'bson';
import type { Page, RequestContext } from '#caas/kernel';
import { postReactions } from './post-reaction.schema';
import type { Post } from './post.schema';
import { attachmentsOf } from './post-files';
import { viewOfPost } from './views';

/** Posts as the actor sees them: with their files as they are now and the actor's own reactions, read once for all of them. */
@Injectable()
export class PostPages {
  async one(ctx: RequestContext, post: Post) {
    const [view] = await this.all(ctx, [post]);
    return view!;
  }

  async page(ctx: RequestContext, { data, page }: Page<Post>) {
    return { data: await this.all(ctx, data), page };
  }

  private async all(ctx: RequestContext, posts: Post[]) {
    const reacted = posts.filter(({ reaction_counts }) => Object.keys(reaction_counts).length > 0);
    const [attachments, own] = await Promise.all([
      attachmentsOf(ctx, posts),
      ownReactions(
        ctx,
        reacted.map(({ _id }) => _id),
      ),
    ]);
    return posts.map((post) => viewOfPost(post, attachments(post), own.get(post._id.toHexString()) ?? []));
  }
}

/** By post, in the order in which they were added. */
async function ownReactions(ctx: RequestContext, ids: ObjectId[]): Promise<Map<string, string[]>> {
  if (ids.length === 0 || ctx.actor.kind !== 'user') return new Map();
  const found = await ctx
    .repository(postReactions)
    .find({ post_id: { $in: ids }, 'user.user_id': ctx.user.user_id }, { fields: ['post_id', 'emoji'] });
  found.sort((a, b) => (a._id.toHexString() < b._id.toHexString() ? -1 : 1));
  const byPost = Map.groupBy(found, ({ post_id }) => post_id.toHexString());
  return new Map([...byPost].map(([id, rows]) => [id, rows.map(({ emoji }) => emoji)]));
}
