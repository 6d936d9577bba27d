import { countsByEmoji, versioned } from '#caas/kernel';
import { viewOfReference } from '#caas/domain/users';
import { viewOfContent, viewOfEarlierContent, viewOfOwnRows } from '../kinds/message-kinds';
import type { KindRow } from '../kinds/message-kind';
import type { MessageVersion } from '../store/message-version.schema';
import { editionOf, shownRevOf, type Message } from '../store/message.schema';
import type { Reaction } from '../store/reaction.schema';

/** Views of messages for clients. Functions named `…For` add what belongs to one viewer. */

export function viewOfMessage(message: Message) {
  return {
    id: message._id.toHexString(),
    conversation_id: message.conversation_id.toHexString(),
    seq: message.seq,
    rev: shownRevOf(message),
    client_message_id: message.client_message_id,
    sender: viewOfReference(message.sender),
    type: message.type,
    text: message.text,
    attachments: message.deleted_at ? null : message.attachments,
    reply_to_id: message.reply_to_id?.toHexString() ?? null,
    thread_root_id: message.thread_root_id?.toHexString() ?? null,
    reply_count: message.reply_count,
    last_repliers: message.last_repliers.map(viewOfReference),
    // Without the first conversation: the reader need not be a member of it.
    forwarded_from: message.forwarded_from && {
      message_id: message.forwarded_from.message_id.toHexString(),
      sender: viewOfReference(message.forwarded_from.sender),
    },
    mentions: message.mentions.map(viewOfReference),
    metadata: message.metadata,
    encrypted: message.encrypted,
    reaction_counts: countsByEmoji(message.reaction_counts),
    ...viewOfContent(message),
    pinned_at: message.pinned_at?.toISOString() ?? null,
    edited_at: message.edited_at?.toISOString() ?? null,
    deleted_at: message.deleted_at?.toISOString() ?? null,
    created_at: message.created_at.toISOString(),
    updated_at: message.updated_at.toISOString(),
  };
}

/** For one viewer, with their own reactions and rows (votes), which `MessageViews` reads. */
export function viewOfMessageFor(message: Message, own_reactions: string[], ownRows: KindRow[]) {
  const view = { ...viewOfMessage(message), own_reactions, ...viewOfOwnRows(message, ownRows) };
  return versioned(view, editionOf(message));
}

/** The content of a message before an edit. */
export function viewOfVersion(version: MessageVersion) {
  return {
    id: version._id.toHexString(),
    message_id: version.message_id.toHexString(),
    text: version.text,
    mentions: version.mentions.map(viewOfReference),
    metadata: version.metadata,
    encrypted: version.encrypted,
    ...viewOfEarlierContent(version),
    written_at: version.written_at.toISOString(),
    replaced_at: version.created_at.toISOString(),
  };
}

export function viewOfReaction({ _id, message_id, emoji, user, created_at }: Reaction) {
  return {
    id: _id.toHexString(),
    message_id: message_id.toHexString(),
    emoji,
    user: viewOfReference(user),
    created_at: created_at.toISOString(),
  };
}
