import { Injectable } from '@nestjs/common';
import type { ObjectId } from 'bson';
import {
  CaasError,
  Clock,
  counted,
  invalid,
  keyOfEmoji,
  notFound,
  type RequestContext,
  type UserReference,
} from '#caas/kernel';
import { Batcher } from '#caas/platform/concurrency';
import { postReactions, type PostReaction } from './post-reaction.schema';
import { posts, type Post } from './post.schema';
import { postViews, type PostView } from './post-view.schema';
import { isLive } from './live';

const MAX_EMOJIS = 50;

/** An interaction of one user with a post, which the post counts. */
export type PostInteraction =
  | { kind: 'react'; user: UserReference; emoji: string }
  | { kind: 'unreact'; user: UserReference; emoji: string }
  | { kind: 'view'; user: UserReference };

export interface Marked {
  post: Post;
  changed: boolean;
}

const LIMITS = {
  /** With more in one transaction, each would wait longer than it gains. */
  maxBatch: 64,
  queue: {
    /** Seconds of work for a busy engine: a later request is refused rather than kept waiting. */
    max: 1_000,
    overloaded: {
      code: 'too_many_changes',
      detail: 'More changes of this post are waiting than can soon be made.',
      retryAfterSeconds: 2,
    },
  },
};

interface Pending {
  ctx: RequestContext;
  postId: ObjectId;
  mark: PostInteraction;
}

/**
 * Writes reactions and views together with their counts on the post in one transaction, so that the counts are exact. All writers of a
 * post update its row. Therefore changes that arrive while a transaction runs are batched into the next one. Only processes conflict
 * then, not users; the engine lets one commit, and the other retries.
 */
@Injectable()
export class PostCounters {
  private readonly batcher = new Batcher<Pending, Marked | CaasError>((group) => this.commit(group), LIMITS);

  constructor(private readonly clock: Clock) {}

  /**
   * `changed` is false when the mark was already there.
   * @throws CaasError `post_not_found` (404), `too_many_reactions` (400), `too_many_changes` (503)
   */
  async mark(ctx: RequestContext, post: Post, mark: PostInteraction): Promise<Marked> {
    // Most views are repeated ones: they change nothing, so they do not wait for the post's row.
    if (await isAlreadyApplied(ctx, post._id, mark)) return { post, changed: false };
    const key = `${ctx.tenantId}/${post._id.toHexString()}`;
    const answer = await this.batcher.run(key, { ctx, postId: post._id, mark });
    if (answer instanceof CaasError) throw answer;
    return answer;
  }

  private commit(group: Pending[]): Promise<(Marked | CaasError)[]> {
    const { ctx, postId } = group[0]!;
    return ctx.transaction(async (tx) => {
      const rows = tx.repository(posts);
      // Must come first: the row's lock serializes the writers of several processes.
      const before = await rows.findOneAndUpdate({ _id: postId, ...isLive(this.clock.now()) }, {});
      if (!before) throw notFound('post');
      const users = group.map(({ mark }) => mark.user.user_id);
      const tally = new CounterUpdate(before, await rowsOf(tx, postId, users));
      const outcomes = group.map(({ mark }) => tally.take(mark));
      const post = tally.hasChanged ? await tally.write(tx) : before;
      return outcomes.map((changed) => (changed instanceof CaasError ? changed : { post, changed }));
    });
  }
}

/** Applies the marks of one transaction in order, starting from the stored state. */
class CounterUpdate {
  private reactionCounts: Record<string, number>;
  private viewCount: number;
  private readonly reactions: Map<string, PostReaction>;
  private readonly views: Set<string>;
  private readonly added = new Map<string, { user: UserReference; emoji: string }>();
  private readonly removed: ObjectId[] = [];
  private readonly viewers: UserReference[] = [];
  hasChanged = false;

  constructor(
    private readonly before: Post,
    { reactions, views }: { reactions: PostReaction[]; views: PostView[] },
  ) {
    this.reactionCounts = before.reaction_counts;
    this.viewCount = before.view_count;
    this.reactions = new Map(reactions.map((each) => [keyOf(each), each]));
    this.views = new Set(views.map(({ user }) => user.user_id.toHexString()));
  }

  /** Did it change anything? */
  take(mark: PostInteraction): boolean | CaasError {
    const changed = this.apply(mark);
    if (changed === true) this.hasChanged = true;
    return changed;
  }

  async write(tx: RequestContext): Promise<Post> {
    const post_id = this.before._id;
    if (this.removed.length > 0) await tx.repository(postReactions).deleteMany({ _id: { $in: this.removed } });
    await tx.repository(postReactions).insertMany([...this.added.values()].map((each) => ({ post_id, ...each })));
    await tx.repository(postViews).insertMany(this.viewers.map((user) => ({ post_id, user })));
    const $set = { reaction_counts: this.reactionCounts, view_count: this.viewCount };
    const post = await tx.repository(posts).findOneAndUpdate({ _id: post_id }, { $set });
    if (!post) throw notFound('post');
    return post;
  }

  private apply(mark: PostInteraction): boolean | CaasError {
    if (mark.kind === 'view') return this.view(mark.user);
    const key = keyOf(mark);
    return mark.kind === 'react' ? this.react(key, mark) : this.unreact(key, mark.emoji);
  }

  private view(user: UserReference): boolean {
    const id = user.user_id.toHexString();
    if (this.views.has(id)) return false;
    this.views.add(id);
    this.viewers.push(user);
    this.viewCount += 1;
    return true;
  }

  private react(key: string, { user, emoji }: { user: UserReference; emoji: string }): boolean | CaasError {
    if (this.reactions.has(key) || this.added.has(key)) return false;
    const counts = this.reactionCounts;
    if (!Object.hasOwn(counts, keyOfEmoji(emoji)) && Object.keys(counts).length >= MAX_EMOJIS) return tooMany();
    this.added.set(key, { user, emoji });
    this.reactionCounts = counted(counts, emoji, 1);
    return true;
  }

  private unreact(key: string, emoji: string): boolean {
    const stored = this.reactions.get(key);
    if (!stored && !this.added.has(key)) return false;
    if (stored) this.removed.push(stored._id);
    this.reactions.delete(key);
    this.added.delete(key);
    this.reactionCounts = counted(this.reactionCounts, emoji, -1);
    return true;
  }
}

const keyOf = ({ user, emoji }: { user: UserReference; emoji: string }) => `${user.user_id.toHexString()}/${emoji}`;

async function isAlreadyApplied(ctx: RequestContext, post_id: ObjectId, mark: PostInteraction): Promise<boolean> {
  const own = { post_id, 'user.user_id': mark.user.user_id };
  if (mark.kind === 'view') return (await ctx.repository(postViews).findOne(own, { fields: ['_id'] })) !== null;
  const found = await ctx.repository(postReactions).findOne({ ...own, emoji: mark.emoji }, { fields: ['_id'] });
  return (found !== null) === (mark.kind === 'react');
}

async function rowsOf(tx: RequestContext, post_id: ObjectId, users: ObjectId[]) {
  const theirs = { post_id, 'user.user_id': { $in: users } };
  const reactions = await tx.repository(postReactions).find(theirs);
  const views = await tx.repository(postViews).find(theirs, { fields: ['user'] });
  return { reactions, views };
}

const tooMany = () =>
  invalid('too_many_reactions', `A post has no more than ${MAX_EMOJIS} different reactions.`, [
    { field: 'emoji', message: `must be one of the ${MAX_EMOJIS} that are there` },
  ]);
