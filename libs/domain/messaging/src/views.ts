import type { ObjectId } from 'bson';
import { countsByEmoji, type UserReference } from '#caas/kernel';
import type { Member } from '#caas/domain/groups';
import { versioned } from '#caas/platform/http';
import type { Entry } from './conversations/conversation-access';
import { visibleFrom } from './conversations/visibility';
import { unreadCountOf } from './conversations/watermarks';
import type { Conversation } from './persistence/conversation.schema';
import type { MessageVersion } from './persistence/message-version.schema';
import { editionOf, shownRevOf, type Message } from './persistence/message.schema';
import type { PollVote } from './persistence/poll-vote.schema';
import type { Reaction } from './persistence/reaction.schema';
import type { Poll } from './polls/poll';

/** How conversations and messages look to clients (design §5). What belongs to one viewer is added by `…For`. */

export function viewOfReference({ user_id, user_external_id, user_display_name }: UserReference) {
  return { user_id: user_id.toHexString(), user_external_id, user_display_name };
}

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
    // Not from which conversation: whoever reads this need not be in it.
    forwarded_from: message.forwarded_from && {
      message_id: message.forwarded_from.message_id.toHexString(),
      sender: viewOfReference(message.forwarded_from.sender),
    },
    mentions: message.mentions.map(viewOfReference),
    metadata: message.metadata,
    encrypted: message.encrypted,
    reaction_counts: countsByEmoji(message.reaction_counts),
    poll: message.poll && viewOfPoll(message.poll),
    pinned_at: message.pinned_at?.toISOString() ?? null,
    edited_at: message.edited_at?.toISOString() ?? null,
    deleted_at: message.deleted_at?.toISOString() ?? null,
    created_at: message.created_at.toISOString(),
    updated_at: message.updated_at.toISOString(),
  };
}

/** For one viewer, with the reactions and votes that are theirs: `MessageViews` knows them. */
export function viewOfMessageFor(message: Message, own_reactions: string[], own_votes: string[]) {
  return versioned({ ...viewOfMessage(message), own_reactions, own_votes }, editionOf(message));
}

function viewOfPoll({ question, options, multiple, anonymous, closes_at, closed_at, voter_count }: Poll) {
  return {
    question,
    options: options.map(({ id, text, vote_count }) => ({ id, text, vote_count })),
    multiple,
    anonymous,
    closes_at: closes_at?.toISOString() ?? null,
    closed_at: closed_at?.toISOString() ?? null,
    voter_count,
  };
}

/** What a message said before an edit. */
export function viewOfVersion(version: MessageVersion) {
  return {
    id: version._id.toHexString(),
    message_id: version.message_id.toHexString(),
    text: version.text,
    mentions: version.mentions.map(viewOfReference),
    metadata: version.metadata,
    encrypted: version.encrypted,
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

export function viewOfVote({ _id, message_id, option_ids, user, created_at, updated_at }: PollVote) {
  return {
    id: _id.toHexString(),
    message_id: message_id.toHexString(),
    option_ids,
    user: viewOfReference(user),
    created_at: created_at.toISOString(),
    updated_at: updated_at.toISOString(),
  };
}

/** A user that a conversation's row names by id. */
function personIn({ people }: Conversation, id: ObjectId) {
  const person = people.find(({ user_id }) => user_id.equals(id));
  if (!person) throw new Error(`The conversation does not say who ${id.toHexString()} is`);
  return viewOfReference(person);
}

export function viewOfConversation(conversation: Conversation) {
  const last = conversation.last_message;
  return {
    id: conversation._id.toHexString(),
    type: conversation.type,
    name: conversation.name,
    group_id: conversation.group_id?.toHexString() ?? null,
    metadata: conversation.metadata,
    history: conversation.history,
    member_count: conversation.member_count,
    last_seq: conversation.last_seq,
    rev: conversation.rev,
    last_message: last && {
      id: last.id.toHexString(),
      seq: conversation.last_seq,
      sender: personIn(conversation, last.sender_id),
      type: last.type,
      text: last.text,
      created_at: last.created_at.toISOString(),
      deleted_at: last.deleted_at?.toISOString() ?? null,
    },
    created_by: personIn(conversation, conversation.created_by_id),
    created_at: conversation.created_at.toISOString(),
    updated_at: conversation.updated_at.toISOString(),
    ...(conversation.type === 'direct' ? { participants: conversation.people.map(viewOfReference) } : {}),
  };
}

/** For all members at once. Where some do not see what was written before them, the newest message is left out. */
export function viewOfConversationForRoom(conversation: Conversation) {
  const { last_message, ...view } = viewOfConversation(conversation);
  return conversation.history === 'joined' ? view : { ...view, last_message };
}

/** For somebody who has just come, and may not see what was written before. */
export function viewOfConversationForNewcomer(conversation: Conversation) {
  const view = viewOfConversation(conversation);
  return conversation.history === 'joined' ? { ...view, last_message: null } : view;
}

/** For one member: with what they have not read, and how they keep it. `ConversationViews` knows their mentions. */
export function viewOfConversationFor({ conversation, member }: Entry, unread_mentions: number) {
  const view = viewOfConversation(conversation);
  const last_message = visibleFrom(member, conversation) > conversation.last_seq ? null : view.last_message;
  const unread_count = unreadCountOf(conversation, member);
  const preferences = viewOfPreferences(member);
  return versioned(
    { ...view, last_message, unread_count, unread_mentions, preferences },
    conversation.settings_version,
  );
}

export function viewOfPreferences({ muted_until, pinned, archived }: Member) {
  return { muted_until: muted_until?.toISOString() ?? null, pinned, archived };
}

/** In the events of members. @param by who did it; null for the tenant's server as nobody in particular */
export function viewOfMembership({ user, role }: Member, by: UserReference | null) {
  return { user: viewOfReference(user), role, by: by && viewOfReference(by) };
}
