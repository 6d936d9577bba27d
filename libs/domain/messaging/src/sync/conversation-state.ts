import type { Entry } from '../conversations/conversation-access';
import type { Message } from '../persistence/message.schema';
import { viewOfConversationFor, viewOfPreferences } from '../views';

export const isBehind = ({ conversation }: Entry, rev: number): boolean => conversation.rev > rev;

/**
 * What one conversation has in an answer; `page` are the messages of it.
 * @param found what changed after `rev`, one more than `limit` at most; null when there was no room to read it
 * @param unreadMentions of the member; asked only for who is behind
 */
export function stateOf(entry: Entry, rev: number, found: Message[] | null, limit: number, unreadMentions: number) {
  const { conversation, member } = entry;
  const page = (found ?? []).slice(0, limit);
  const hasMore = found === null ? isBehind(entry, rev) : found.length > limit;
  const reached = page.at(-1)?.rev ?? 0;
  return {
    // Beyond the contract: what a client shows of the conversation itself, when anything in it changed.
    ...(isBehind(entry, rev) ? { conversation: viewOfConversationFor(entry, unreadMentions) } : {}),
    page,
    // Never later than the conversation's own row: what else happened between the two reads is not in this answer.
    rev: hasMore ? Math.min(Math.max(rev, reached), conversation.rev) : conversation.rev,
    has_more: hasMore,
    // Without a rev, since nobody else sees them.
    preferences: viewOfPreferences(member),
    resync_required: remembersAnother(entry, rev),
  };
}

/**
 * A rev from the future is of another history, of a restored backup for one. What was erased without a trace is to be forgotten.
 * And who was out and came again may have been able to see what is hidden from them now.
 */
function remembersAnother({ conversation, member }: Entry, rev: number): boolean {
  if (rev > conversation.rev) return true;
  if (rev > 0 && rev < (conversation.resync_rev ?? 0)) return true;
  return conversation.history === 'joined' && rev > 0 && rev < member.joined_rev;
}
