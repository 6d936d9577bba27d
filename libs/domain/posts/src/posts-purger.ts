import { Injectable } from '@nestjs/common';
import type { ObjectId } from 'bson';
import { Clock, type Filter, type RequestContext, type TenantCollection, type TenantDocument } from '#caas/kernel';
import { FileReferences } from '#caas/domain/media';
import { EXPIRES, posts, type Post } from './post.schema';
import { postReactions } from './post-reaction.schema';
import { postViews } from './post-view.schema';
import { holderOf } from './posts.service';

const ROWS_AT_ONCE = 500;

/**
 * Deletes expired stories and the remains of deleted posts. Each step is repeatable, so the process may be killed at any point. The row
 * is deleted last, in one transaction with reactions and views added in the meantime.
 */
@Injectable()
export class PostsPurger {
  constructor(
    private readonly references: FileReferences,
    private readonly clock: Clock,
  ) {}

  /** @returns how many were purged, at most `limit`. For jobs only: no permission is checked. */
  async purge(ctx: RequestContext, limit: number): Promise<number> {
    const due: Filter<Post> = { $and: [EXPIRES, { expires_at: { $lte: this.clock.now() } }] };
    const found = await ctx.repository(posts).find(due, { sort: { expires_at: 1 }, limit, withDeleted: true });
    for (const post of found) await this.purgeOne(ctx, post);
    return found.length;
  }

  private async purgeOne(ctx: RequestContext, post: Post): Promise<void> {
    await ctx.transaction((tx) => this.references.release(tx, holderOf(post)));
    for (const marks of MARKS) while ((await removeSome(ctx, marks, post._id)) === ROWS_AT_ONCE);
    await ctx.transaction(async (tx) => {
      for (const marks of MARKS) await tx.repository(marks).deleteMany({ post_id: post._id });
      const ofPost = { _id: post._id };
      if (post.deleted_at === null) await tx.repository(posts).deleteOne(ofPost);
      else await tx.repository(posts).updateOne(ofPost, { $set: { expires_at: null } }, { withDeleted: true });
    });
  }
}

type OfPost = TenantDocument & { post_id: ObjectId };
const MARKS: TenantCollection<OfPost>[] = [postReactions, postViews];

async function removeSome(ctx: RequestContext, marks: TenantCollection<OfPost>, post_id: ObjectId): Promise<number> {
  const some = await ctx.repository(marks).find({ post_id }, { limit: ROWS_AT_ONCE, fields: ['_id'] });
  if (some.length > 0) await ctx.repository(marks).deleteMany({ _id: { $in: some.map(({ _id }) => _id) } });
  return some.length;
}
