import type { ObjectId } from 'bson';
import { type UserReference, versioned } from '#caas/kernel';
import type { Member } from '../store/member.schema';
import { viewOfReference } from '#caas/domain/users';
import type { Conversation } from '../store/conversation.schema';
import type { ConversationMembership } from '../store/conversation-memberships';
import { visibleFrom } from '../store/visibility';
import { unreadCountOf } from '../store/watermarks';

/** Views of conversations and their members for clients. Functions named `…For` add what belongs to one viewer. */

/** A user whom the conversation's row names by id. */
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

/** For all members at once. If some members cannot see earlier messages, the newest message is left out. */
export function viewOfConversationForRoom(conversation: Conversation) {
  const { last_message, ...view } = viewOfConversation(conversation);
  return conversation.history === 'joined' ? view : { ...view, last_message };
}

/** For a member who has just joined and may not see earlier messages. */
export function viewOfConversationForNewcomer(conversation: Conversation) {
  const view = viewOfConversation(conversation);
  return conversation.history === 'joined' ? { ...view, last_message: null } : view;
}

/** For one member, with their unread count and preferences. `ConversationViews` counts the mentions. */
export function viewOfConversationFor({ conversation, member }: ConversationMembership, unread_mentions: number) {
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

/** In the events of members. @param by the actor; null for the tenant's server as no user */
export function viewOfMembership({ user, role }: Member, by: UserReference | null) {
  return { user: viewOfReference(user), role, by: by && viewOfReference(by) };
}

export const viewOfMember = ({ _id, user, role, created_at }: Member) => ({
  id: _id.toHexString(),
  user: viewOfReference(user),
  role,
  joined_at: created_at.toISOString(),
});
