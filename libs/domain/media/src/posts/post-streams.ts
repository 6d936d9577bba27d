import { Injectable } from '@nestjs/common';
import { ObjectId } from 'bson';
import { Clock, type Filter, type PageRequest, type RequestContext } from '#caas/kernel';
import { posts, type Post, type PostKind } from '../persistence';
import { isLive } from './live';

/** Looked through for the posts of friends, one after the other: in rows of the tenant that are for somebody's friends. */
const STRETCHES = [1_000, 4_000, 16_000, 32_000];

export interface Circle {
  /** Whose posts for friends are looked for: the viewer and their friends. */
  ids: ObjectId[];
  viewer: ObjectId;
}

/** What was found between the cursor and `reached`, in the order of the page: all there is, the end included. */
export interface Stretch {
  found: Post[];
  /** Null when there is nothing beyond. */
  reached: ObjectId | null;
}

/**
 * Posts that a viewer's feed may show, read from several indexes in the order of ids and merged. Public posts are most: where
 * the page of them ends, the others need not be looked for beyond. Every read is of rows that lie side by side in an index, and
 * a bounded number of them, whatever the tenant holds and however rarely the viewer's friends post.
 */
@Injectable()
export class PostStreams {
  constructor(private readonly clock: Clock) {}

  async next(ctx: RequestContext, kinds: readonly PostKind[], circle: Circle, request: PageRequest): Promise<Stretch> {
    const order = new Order(request);
    const live = isLive(this.clock.now());
    const read = async (filter: Filter<Post>): Promise<Stretch> => {
      const limit = request.limit + 1;
      const rows = await ctx.repository(posts).find(
        { ...filter, ...order.range(order.start, null), ...live },
        {
          sort: order.sort,
          limit,
        },
      );
      return { found: rows, reached: rows.length === limit ? rows.at(-1)!._id : null };
    };
    const far = await Promise.all([
      ...kinds.map((kind) => read({ kind, visibility: 'public' })),
      read(ownPrivate(kinds, circle.viewer)),
    ]);
    const edge = order.nearest(far);
    const near = await Promise.all(kinds.map((kind) => this.ofFriends(ctx, kind, circle, order, edge)));
    return order.merge([...far, ...near]);
  }

  private async ofFriends(
    ctx: RequestContext,
    kind: PostKind,
    { ids }: Circle,
    order: Order,
    edge: ObjectId | null,
  ): Promise<Stretch> {
    const repository = ctx.repository(posts);
    const forFriends = { kind, visibility: 'friends' };
    const found: Post[] = [];
    let from = order.start;
    for (const rows of STRETCHES) {
      const within = { ...forFriends, ...order.range(from, edge) };
      const end = await repository.findOne(within, { sort: order.sort, skip: rows, fields: ['_id'] });
      found.push(
        ...(await repository.find(
          {
            ...forFriends,
            'author.user_id': { $in: ids },
            ...order.range(from, end?._id ?? edge),
            ...isLive(this.clock.now()),
          },
          { sort: order.sort, limit: order.limit + 1 - found.length },
        )),
      );
      if (found.length > order.limit) return { found, reached: found.at(-1)!._id };
      if (!end) return { found, reached: null };
      from = end._id;
    }
    return { found, reached: from };
  }
}

/** The direction of a page, and what follows from it. */
class Order {
  readonly start: ObjectId | null;
  readonly limit: number;
  private readonly backward: boolean;

  constructor({ cursor, limit, direction }: PageRequest) {
    this.start = cursor === null ? null : new ObjectId(cursor);
    this.limit = limit;
    this.backward = direction === 'backward';
  }

  get sort(): { _id: 1 | -1 } {
    return { _id: this.backward ? -1 : 1 };
  }

  /** Beyond `from`, up to `to` and with it. */
  range(from: ObjectId | null, to: ObjectId | null): Filter<Post> {
    const [beyond, upTo] = this.backward ? (['$lt', '$gte'] as const) : (['$gt', '$lte'] as const);
    if (!from && !to) return {};
    return { _id: { ...(from ? { [beyond]: from } : {}), ...(to ? { [upTo]: to } : {}) } };
  }

  /** Where the first of several ends: beyond that not all is known. */
  nearest(stretches: Stretch[]): ObjectId | null {
    const ends = stretches.flatMap(({ reached }) => (reached ? [reached] : []));
    return ends.sort((a, b) => this.compare(a, b))[0] ?? null;
  }

  merge(stretches: Stretch[]): Stretch {
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

/** Filtered along the posts of their author, of whom nobody has so very many: with equalities the engine takes the feed's index. */
const ownPrivate = (kinds: readonly PostKind[], viewer: ObjectId): Filter<Post> => ({
  'author.user_id': viewer,
  kind: { $nin: without(kinds) },
  visibility: { $nin: ['public', 'friends'] },
});

const without = (kinds: readonly PostKind[]) =>
  (['post', 'reel', 'story'] as const).filter((kind) => !kinds.includes(kind));
