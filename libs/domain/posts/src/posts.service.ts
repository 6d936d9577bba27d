import { Injectable } from '@nestjs/common';
import type { ObjectId } from 'bson';
import { Clock, DuplicateKeyError, invalid, textOrNone, type Preconditions, type RequestContext } from '#caas/kernel';
import { TextPolicy } from '#caas/domain/users';
import { FileReferences } from '#caas/domain/media';
import type { PostKind, Visibility } from './post-kinds';
import { posts, type Post } from './post.schema';
import { PostAudience } from './post-audience';
import { requireUsable } from './post-files';
import { requireAuthorOrTenant } from './rights';

export const MAX_FILES = 10;
export const STORY_LIFETIME_MS = 24 * 60 * 60_000;

export interface NewPost {
  kind: PostKind;
  /** At most 5000 code points; a blank one is none. */
  text?: string | null;
  /** The actor's own, each once. */
  file_ids?: ObjectId[];
  visibility: Visibility;
  metadata?: Record<string, unknown> | null;
}

export type PostChanges = Pick<Partial<NewPost>, 'text' | 'visibility' | 'metadata'>;

/** Posts, reels and stories, each on its own; lists of them are the feed's. */
@Injectable()
export class PostsService {
  constructor(
    private readonly audience: PostAudience,
    private readonly references: FileReferences,
    private readonly clock: Clock,
    private readonly rules: TextPolicy,
  ) {}

  /**
   * Creates a post with this `id`; returns the existing post if there is one.
   * @throws CaasError `empty_post`, `one_video_required`, `invalid_file`, `not_a_video` (400), `text_blocked` (403), `file_not_ready`
   * (409) for a reel whose video is still being processed
   */
  async create(ctx: RequestContext, id: ObjectId, wanted: NewPost): Promise<Post> {
    const { kind, file_ids = [], visibility, metadata = null } = wanted;
    const text = await this.admit(ctx, textOrNone(wanted.text));
    const author = ctx.user;
    requireContent({ text, file_ids });
    if (kind === 'reel' && file_ids.length !== 1) {
      throw invalid('one_video_required', 'A reel is exactly one video.', [
        { field: 'file_ids', message: 'must name one file' },
      ]);
    }
    const expires_at = kind === 'story' ? new Date(this.clock.now().getTime() + STORY_LIFETIME_MS) : null;
    const post = { author, kind, text, file_ids, visibility, metadata, expires_at };
    try {
      return await ctx.transaction(async (tx) => {
        await requireUsable(tx, kind, file_ids);
        await this.references.claim(tx, holderOf({ _id: id }), file_ids);
        return tx.repository(posts).insertOne({ _id: id, ...post, ...UNTOUCHED });
      });
    } catch (error) {
      if (!(error instanceof DuplicateKeyError)) throw error;
      return this.get(ctx, id);
    }
  }

  /** @throws CaasError `post_not_found` (404) */
  get(ctx: RequestContext, id: ObjectId): Promise<Post> {
    return this.audience.requireVisible(ctx, id);
  }

  /**
   * @throws CaasError `post_not_found` (404), `author_required`, `text_blocked` (403), `empty_post` (400), `stale_version` (412)
   */
  async update(ctx: RequestContext, id: ObjectId, wanted: PostChanges, preconditions: Preconditions): Promise<Post> {
    const changes =
      wanted.text === undefined ? wanted : { ...wanted, text: await this.admit(ctx, textOrNone(wanted.text)) };
    for (;;) {
      const post = await this.requireOwn(ctx, id, preconditions);
      if (Object.keys(changes).length === 0) return post;
      requireContent({ ...post, ...changes });
      const edited_at = this.clock.now();
      const changed = await ctx
        .repository(posts)
        .findOneAndUpdate(editionOf(post), { $set: { ...changes, edited_at }, $inc: { edition: 1 } });
      if (changed) return changed;
    }
  }

  /**
   * Hides the post from everybody at once, and erases its text. Releases its files; its reactions and views are purged later.
   * @throws CaasError `post_not_found` (404), `author_required` (403), `stale_version` (412)
   */
  async remove(ctx: RequestContext, id: ObjectId, preconditions: Preconditions): Promise<void> {
    for (;;) {
      const post = await this.requireOwn(ctx, id, preconditions);
      const now = this.clock.now();
      const erased = { text: null, metadata: null, file_ids: [], deleted_at: now, expires_at: now };
      const removed = await ctx.transaction(async (tx) => {
        const gone = await tx
          .repository(posts)
          .findOneAndUpdate(editionOf(post), { $set: erased, $inc: { edition: 1 } });
        if (gone) await this.references.release(tx, holderOf(post));
        return gone !== null;
      });
      if (removed) return;
    }
  }

  private async admit(ctx: RequestContext, text: string | null): Promise<string | null> {
    return text && this.rules.admitText(ctx, text);
  }

  private async requireOwn(ctx: RequestContext, id: ObjectId, preconditions: Preconditions): Promise<Post> {
    const post = await this.audience.requireVisible(ctx, id);
    requireAuthorOrTenant(ctx, post);
    preconditions.require(post.edition);
    return post;
  }
}

export const holderOf = ({ _id }: Pick<Post, '_id'>) => ({ kind: 'post', id: _id }) as const;

const UNTOUCHED = { reaction_counts: {}, view_count: 0, edition: 0, edited_at: null };

const editionOf = ({ _id, edition }: Post) => ({ _id, edition });

function requireContent({ text, file_ids }: { text?: string | null; file_ids: ObjectId[] }): void {
  if (text || file_ids.length > 0) return;
  throw invalid('empty_post', 'A post has a text or a file.', [
    { field: 'text', message: 'must be there without files' },
  ]);
}
