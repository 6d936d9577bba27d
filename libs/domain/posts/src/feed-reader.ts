import { Injectable } from '@nestjs/common';
import { ObjectId } from 'bson';
import { Clock, type Filter, type PageRequest, type RequestContext } from '#caas/kernel';
import { POST_KINDS, VISIBILITIES, type PostKind, type Visibility } from './post-kinds';
import { posts, type Post } from './post.schema';
import { isLive } from './live';

/** Numbers of rows scanned, in turn, for friends' posts, among the tenant's posts that are visible to friends. */
const STRETCHES = [1_000, 4_000, 16_000, 32_000];
/** Up to this many authors are read one by one, when the first stretch does not have enough of their posts. */
const FEW = 16;

export interface FeedAudience {
  viewer: ObjectId;
  /** Authors of the posts for friends: the viewer and their friends. */
  ids: Promise<ObjectId[]>;
}

/** Every matching post between the cursor and `reached` inclusive, in the order of the page. */
export interface FeedSlice {
  found: Post[];
  /** Null at the end of the feed. */
  reached: ObjectId | null;
}

/**
 * Reads the posts that a viewer's feed may show from several indexes, in the order of ids, and merges them. Most posts are public:
 * posts from the other indexes are not read beyond the end of a page of public ones. Every read covers a bounded number of adjacent
 * index rows, however much the tenant holds and however rarely the viewer's friends post.
 */
@Injectable()
export class FeedReader {
  constructor(private readonly clock: Clock) {}

  async next(
    ctx: RequestContext,
    kinds: readonly PostKind[],
    circle: FeedAudience,
    request: PageRequest,
  ): Promise<FeedSlice> {
    const order = new Order(request);
    const all = { from: order.start, to: null };
    const [ids, ...far] = await Promise.all([
      circle.ids,
      ...kinds.map((kind) => this.read(ctx, { kind, visibility: 'public' }, order, all)),
      this.read(ctx, along(circle.viewer, kinds, 'private'), order, all),
    ]);
    const edge = order.nearest(far);
    const near = await Promise.all(kinds.map((kind) => this.ofFriends(ctx, kind, ids, order, edge)));
    return order.merge([...far, ...near]);
  }

  private async ofFriends(
    ctx: RequestContext,
    kind: PostKind,
    ids: ObjectId[],
    order: Order,
    edge: ObjectId | null,
  ): Promise<FeedSlice> {
    const forFriends = { kind, visibility: 'friends' };
    const theirs = { ...forFriends, 'author.user_id': { $in: ids } };
    const stretches: FeedSlice[] = [];
    let from = order.start;
    for (const rows of STRETCHES) {
      if (stretches.flatMap(({ found }) => found).length > order.limit) break;
      if (stretches.length > 0 && ids.length <= FEW) {
        const ofEach = ids.map((id) => this.read(ctx, along(id, [kind], 'friends'), order, { from, to: edge }));
        return order.merge([...stretches, ...(await Promise.all(ofEach))]);
      }
      const within = { ...forFriends, ...order.range({ from, to: edge }) };
      const end = await ctx.repository(posts).findOne(within, { sort: order.sort, skip: rows, fields: ['_id'] });
      const stretch = await this.read(ctx, theirs, order, { from, to: end?._id ?? edge });
      stretches.push(stretch);
      if (stretch.reached || !end) return order.merge(stretches);
      from = end._id;
    }
    return { ...order.merge(stretches), reached: from };
  }

  private async read(ctx: RequestContext, filter: Filter<Post>, order: Order, range: Range): Promise<FeedSlice> {
    const limit = order.limit + 1;
    const found = await ctx
      .repository(posts)
      .find({ ...filter, ...order.range(range), ...isLive(this.clock.now()) }, { sort: order.sort, limit });
    return { found, reached: found.length === limit ? found.at(-1)!._id : null };
  }
}

interface Range {
  from: ObjectId | null;
  to: ObjectId | null;
}

/** The direction of a page, and the values derived from it. */
class Order {
  readonly start: ObjectId;
  readonly limit: number;
  private readonly backward: boolean;

  constructor({ cursor, limit, direction }: PageRequest) {
    this.limit = limit;
    this.backward = direction === 'backward';
    // Always set a bound at the beginning of a page: without one, the engine was seen to choose another index, ten times as slow.
    this.start = new ObjectId(cursor ?? (this.backward ? 'f' : '0').repeat(24));
  }

  get sort(): { _id: 1 | -1 } {
    return { _id: this.backward ? -1 : 1 };
  }

  /** Beyond `from`, up to `to` and with it. */
  range({ from, to }: Range): Filter<Post> {
    const [beyond, upTo] = this.backward ? (['$lt', '$gte'] as const) : (['$gt', '$lte'] as const);
    if (!from && !to) return {};
    return { _id: { ...(from ? { [beyond]: from } : {}), ...(to ? { [upTo]: to } : {}) } };
  }

  /** The nearest end of several slices: beyond it, not every slice is complete. */
  nearest(stretches: FeedSlice[]): ObjectId | null {
    const ends = stretches.flatMap(({ reached }) => (reached ? [reached] : []));
    return ends.sort((a, b) => this.compare(a, b))[0] ?? null;
  }

  merge(stretches: FeedSlice[]): FeedSlice {
    const reached = this.nearest(stretches);
    const found = stretches
      .flatMap((stretch) => stretch.found)
      .filter(({ _id }) => reached === null || this.compare(_id, reached) <= 0)
      .sort((a, b) => this.compare(a._id, b._id));
    return { found, reached };
  }

  private compare(a: ObjectId, b: ObjectId): number {
    const [one, other] = [a.toHexString(), b.toHexString()];
    return (one < other ? -1 : one > other ? 1 : 0) * (this.backward ? -1 : 1);
  }
}

/** Filters along the index of one author's posts, which are few. With equalities, the engine would choose the feed's index. */
const along = (author: ObjectId, kinds: readonly PostKind[], visibility: Visibility): Filter<Post> => ({
  'author.user_id': author,
  kind: { $nin: POST_KINDS.filter((other) => !kinds.includes(other)) },
  visibility: { $nin: VISIBILITIES.filter((other) => other !== visibility) },
});
