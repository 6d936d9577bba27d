import { Injectable } from '@nestjs/common';
import { Clock, cutPage, type Filter, type Page, type PageRequest, type RequestContext } from '#caas/kernel';
import { RelationshipsService, UsersService } from '#caas/domain/users';
import { POST_KINDS, VISIBILITIES, type PostKind, type Visibility } from './post-kinds';
import { posts, type Post } from './post.schema';
import { isLive } from './live';
import { PostAudience } from './post-audience';
import { FeedReader } from './feed-reader';

/** Apps show stories separately, so the feed includes them only on request. */
const UNLESS_ASKED: readonly PostKind[] = ['post', 'reel'];
/** Only the newest friendships count: a user with more does not see older friends' posts for friends in the feed. */
const MAX_FRIENDS = 2_000;
/** After this many reads a page ends, even if it is short; its cursor continues. */
const MAX_LOOKS = 5;

/** Lists of posts as somebody may see them. */
@Injectable()
export class FeedService {
  constructor(
    private readonly audience: PostAudience,
    private readonly streams: FeedReader,
    private readonly users: UsersService,
    private readonly relationships: RelationshipsService,
    private readonly clock: Clock,
  ) {}

  /**
   * The actor's own posts, friends' posts and public posts, without those of muted authors; `backward` is newest first. The cursor is a
   * post's id. To bound the work of one call, a page may be short or even empty although more pages follow.
   */
  async feed(ctx: RequestContext, kind: PostKind | null, request: PageRequest): Promise<Page<Post>> {
    const viewer = ctx.user.user_id;
    const kinds = kind ? [kind] : UNLESS_ASKED;
    const friends = this.relationships.friendIdsOf(ctx, viewer, MAX_FRIENDS);
    const circle = { viewer, ids: friends.then((ids) => [viewer, ...ids]) };
    const shown: Post[] = [];
    let { cursor } = request;
    for (let look = 1; ; look += 1) {
      const { found, reached } = await this.streams.next(ctx, kinds, circle, { ...request, cursor });
      shown.push(...(await this.audience.visibleAmong(ctx, found, { unmuted: true })));
      if (shown.length > request.limit || !reached) return cutPage(shown, request, ({ _id }) => _id.toHexString());
      cursor = reached.toHexString();
      if (look === MAX_LOOKS) return unfinished(shown, request, cursor);
    }
  }

  /**
   * The posts of a user that the actor may see; none if the user is deactivated, or if either side blocks the other.
   * @throws CaasError `user_not_found` (404)
   */
  async ofUser(ctx: RequestContext, pathId: string, kind: PostKind | null, request: PageRequest): Promise<Page<Post>> {
    const author = await this.users.get(ctx, pathId);
    const visible = await this.visibleOf(ctx, author);
    const kinds = kind ? [kind] : UNLESS_ASKED;
    // Filters by exclusion: with equalities, the engine would choose the feed's index and scan all of it.
    const filter: Filter<Post> = {
      'author.user_id': author._id,
      kind: { $nin: POST_KINDS.filter((other) => !kinds.includes(other)) },
      visibility: { $nin: VISIBILITIES.filter((other) => !visible.includes(other)) },
      ...isLive(this.clock.now()),
    };
    return ctx.repository(posts).page(filter, request);
  }

  private async visibleOf(
    ctx: RequestContext,
    author: Awaited<ReturnType<UsersService['get']>>,
  ): Promise<readonly Visibility[]> {
    if (ctx.actor.kind !== 'user' || ctx.user.user_id.equals(author._id)) return VISIBILITIES;
    const id = author._id.toHexString();
    const { friends, blocked } = await this.relationships.standingsOf(ctx, ctx.user.user_id, [author._id]);
    if (author.status !== 'active' || blocked.has(id)) return [];
    return friends.has(id) ? ['public', 'friends'] : ['public'];
  }
}

const unfinished = (data: Post[], { limit, direction }: PageRequest, next_cursor: string): Page<Post> => ({
  data,
  page: { next_cursor, has_more: true, limit, direction },
});
