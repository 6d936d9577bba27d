import { countsByEmoji, versioned } from '#caas/kernel';
import { viewOfReference } from '#caas/domain/users';
import type { Attachment } from '#caas/domain/media';
import type { Post } from './post.schema';
import type { PostReaction } from './post-reaction.schema';
import type { PostView } from './post-view.schema';

/** How posts look to clients. What belongs to one viewer or is read along with them comes from `PostPages`. */
export function viewOfPost(post: Post, attachments: Attachment[], own_reactions: string[]) {
  const view = {
    id: post._id.toHexString(),
    kind: post.kind,
    author: viewOfReference(post.author),
    text: post.text,
    attachments,
    visibility: post.visibility,
    metadata: post.metadata,
    reaction_counts: countsByEmoji(post.reaction_counts),
    own_reactions,
    view_count: post.view_count,
    edited_at: post.edited_at?.toISOString() ?? null,
    expires_at: post.expires_at?.toISOString() ?? null,
    created_at: post.created_at.toISOString(),
    updated_at: post.updated_at.toISOString(),
  };
  return versioned(view, post.edition);
}

export function viewOfPostReaction({ _id, post_id, emoji, user, created_at }: PostReaction) {
  return {
    id: _id.toHexString(),
    post_id: post_id.toHexString(),
    emoji,
    user: viewOfReference(user),
    created_at: created_at.toISOString(),
  };
}

export function viewOfViewer({ _id, user, created_at }: PostView) {
  return { id: _id.toHexString(), user: viewOfReference(user), viewed_at: created_at.toISOString() };
}
