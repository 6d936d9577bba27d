import { Injectable } from '@nestjs/common';
import type { ObjectId } from 'bson';
import { forbidden, invalid, parseEmoji, type Page, type PageRequest, type RequestContext } from '#caas/kernel';
import { postReactions, type PostReaction } from './post-reaction.schema';
import { postViews, type PostView } from './post-view.schema';
import { PostAudience } from './post-audience';
import { PostCounters, type Marked } from './post-counters';
import { isAuthor, isTenantItself } from './rights';

/** Who reacted to a post, and who has seen it. */
@Injectable()
export class PostMarksService {
  constructor(
    private readonly audience: PostAudience,
    private readonly tallies: PostCounters,
  ) {}

  /** @throws CaasError `invalid_emoji`, `too_many_reactions` (400), `post_not_found` (404), `too_many_changes` (503) */
  async react(ctx: RequestContext, id: ObjectId, emoji: string): Promise<Marked> {
    parseEmoji(emoji);
    const post = await this.audience.requireVisible(ctx, id);
    return this.tallies.mark(ctx, post, { kind: 'react', user: ctx.user, emoji });
  }

  /** @throws CaasError `invalid_emoji` (400), `post_not_found` (404), `too_many_changes` (503) */
  async unreact(ctx: RequestContext, id: ObjectId, emoji: string): Promise<Marked> {
    parseEmoji(emoji);
    const post = await this.audience.requireVisible(ctx, id);
    return this.tallies.mark(ctx, post, { kind: 'unreact', user: ctx.user, emoji });
  }

  /** Each viewer counts once, the author never. @throws CaasError `post_not_found` (404), `too_many_changes` (503) */
  async view(ctx: RequestContext, id: ObjectId): Promise<Marked> {
    const post = await this.audience.requireVisible(ctx, id);
    if (isAuthor(ctx, post)) return { post, changed: false };
    return this.tallies.mark(ctx, post, { kind: 'view', user: ctx.user });
  }

  /**
   * Newest first backward; those of one emoji, or all.
   * @throws CaasError `invalid_emoji` (400), `post_not_found` (404)
   */
  async reactions(
    ctx: RequestContext,
    id: ObjectId,
    emoji: string | null,
    request: PageRequest,
  ): Promise<Page<PostReaction>> {
    const only = emoji === null ? {} : { emoji: parseEmoji(emoji) };
    await this.audience.requireVisible(ctx, id);
    return ctx.repository(postReactions).page({ post_id: id, ...only }, request);
  }

  /**
   * Who has seen a story, for its author.
   * @throws CaasError `post_not_found` (404), `author_required` (403), `not_a_story` (400)
   */
  async viewers(ctx: RequestContext, id: ObjectId, request: PageRequest): Promise<Page<PostView>> {
    const post = await this.audience.requireVisible(ctx, id);
    if (!isAuthor(ctx, post) && !isTenantItself(ctx)) {
      throw forbidden('author_required', 'Only its author learns who has seen a story.');
    }
    if (post.kind !== 'story') throw invalid('not_a_story', 'Only stories tell who has seen them.');
    return ctx.repository(postViews).page({ post_id: id }, request);
  }
}
