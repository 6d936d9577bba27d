import { Injectable } from '@nestjs/common';
import type { ObjectId } from 'bson';
import { Clock, notFound, type RequestContext } from '#caas/kernel';
import { RelationshipsService, UsersService } from '#caas/domain/users';
import { posts, type Post } from './post.schema';
import type { FileReference } from '#caas/domain/media';
import { hasExpired, isLive } from './live';

/**
 * Decides who may see a post. Authors see their own posts. Others see public posts, and friends' posts for friends, unless either user
 * blocks the other, or the author is deleted or deactivated. The tenant's server, acting as no user, sees all. Nobody sees expired
 * posts.
 */
@Injectable()
export class PostAudience {
  constructor(
    private readonly users: UsersService,
    private readonly relationships: RelationshipsService,
    private readonly clock: Clock,
  ) {}

  /** @throws CaasError `post_not_found` (404), also for a post that the actor may not see */
  async requireVisible(ctx: RequestContext, id: ObjectId): Promise<Post> {
    const post = await ctx.repository(posts).findById(id);
    if (!post || (await this.visibleAmong(ctx, [post])).length === 0) throw notFound('post');
    return post;
  }

  /** Those of `found` that the actor may see, in the same order. `unmuted`: without those whose author the actor has muted. */
  async visibleAmong(ctx: RequestContext, found: Post[], { unmuted = false } = {}): Promise<Post[]> {
    const now = this.clock.now();
    const live = found.filter((post) => !hasExpired(post, now));
    if (ctx.actor.kind !== 'user') return live;
    const viewer = ctx.user.user_id;
    const others = distinctIds(live.map(({ author }) => author.user_id).filter((id) => !id.equals(viewer)));
    const [active, { friends, muted, blocked }] = await Promise.all([
      this.users.activeAmong(ctx, others),
      this.relationships.standingsOf(ctx, viewer, others),
    ]);
    return live.filter(({ author, visibility }) => {
      if (author.user_id.equals(viewer)) return true;
      const id = author.user_id.toHexString();
      if (!active.has(id) || blocked.has(id) || (unmuted && muted.has(id))) return false;
      return visibility === 'public' || (visibility === 'friends' && friends.has(id));
    });
  }

  /** For `FileViewers`: a user who may see a post may see its files. */
  async seesAny(ctx: RequestContext, references: FileReference[]): Promise<boolean> {
    const ids = references.map(({ holder_id }) => holder_id);
    const found = await ctx.repository(posts).find({ _id: { $in: ids }, ...isLive(this.clock.now()) });
    return (await this.visibleAmong(ctx, found)).length > 0;
  }
}

const distinctIds = (ids: ObjectId[]): ObjectId[] => [...new Map(ids.map((id) => [id.toHexString(), id])).values()];
