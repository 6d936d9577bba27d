import { Injectable } from '@nestjs/common';
import { Clock, cutPage, type Filter, type Page, type PageRequest, type RequestContext } from '#caas/kernel';
import { RelationshipsService, UsersService } from '#caas/domain/users';
import { POST_KINDS, VISIBILITIES, type PostKind, type Visibility } from './post-kinds';
import { posts, type Post } from './post.schema';
import { isLive } from './live';
import { PostAudience } from './post-audience';
import { FeedReader } from './feed-reader';

/** Stories are looked at apart from the rest, as every app does: they come when they are asked for. */
const UNLESS_ASKED: readonly PostKind[] = ['post', 'reel'];
/** The newest friendships count; whoever has more does not see the older ones' posts for friends in the feed. */
const MAX_FRIENDS = 2_000;
/** Then a page ends, however little it holds; its cursor goes on. */
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
   * The actor's own posts, those of friends, and what is public, newest first backward; nothing of those they muted. The cursor
   * is a post's id. A page may be short, or even empty, and have more behind it: that bounds the work of one call.
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
   * What the actor may see of a user's posts; none of who is deactivated, or blocked from one side or the other.
   * @throws CaasError `user_not_found` (404)
   */
  async ofUser(ctx: RequestContext, pathId: string, kind: PostKind | null, request: PageRequest): Promise<Page<Post>> {
    const author = await this.users.get(ctx, pathId);
    const visible = await this.visibleOf(ctx, author);
    const kinds = kind ? [kind] : UNLESS_ASKED;
    // By exclusion: the engine would take equalities for the beginning of the feed's index, and read all of that.
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
