import type { ConversationMembership } from '#caas/domain/conversations';
import type { Message } from '#caas/domain/messages';
import { viewOfConversationFor, viewOfPreferences } from '#caas/domain/conversations';

/** Two numbers of a conversation: what a client remembers, or where it stands. */
export interface Position {
  /** Of a client: the end of the messages that it holds without a gap. */
  seq: number;
  rev: number;
}

/** What was read of a conversation for an answer. */
export interface Found {
  /** Of messages up to the client's `seq`, those that changed after its `rev`, by `rev`. */
  changed: Message[];
  /** There are more of them. */
  hasMoreChanged: boolean;
  /** Messages after the client's `seq`, by `seq`. */
  sent: Message[];
  /** There are more of them, or there was no room to look. */
  hasMoreSent: boolean;
}

export const isBehind = ({ conversation }: ConversationMembership, { seq, rev }: Position): boolean =>
  conversation.last_seq > seq || conversation.rev > rev;

/** A client that knows more than the row says: the row may lag, or it is of another history. */
export const isAhead = ({ conversation }: ConversationMembership, { seq, rev }: Position): boolean =>
  seq > conversation.last_seq || rev > conversation.rev;

/**
 * What one conversation has in an answer.
 * @param entry read before the messages: what came in between has higher numbers than the answer's, and is asked for next time
 * @param found null when there was no room to read
 * @param unreadMentions of the member; asked only for a client that is behind
 */
export function stateOf(entry: ConversationMembership, known: Position, found: Found | null, unreadMentions: number) {
  const { member } = entry;
  const behind = isBehind(entry, known);
  return {
    // Beyond the contract: what a client shows of the conversation itself, when anything in it changed.
    ...(behind ? { conversation: viewOfConversationFor(entry, unreadMentions) } : {}),
    ...reached(entry, known, found),
    has_more: found === null ? behind : found.hasMoreChanged || found.hasMoreSent,
    // Without a rev, since nobody else sees them.
    preferences: viewOfPreferences(member),
    resync_required: remembersAnother(entry, known),
  };
}

/** Up to where everything is told. */
function reached({ conversation }: ConversationMembership, known: Position, found: Found | null): Position {
  if (found === null) return known;
  const { changed, hasMoreChanged, sent, hasMoreSent } = found;
  const lastChange = changed.at(-1)?.rev ?? 0;
  const lastSent = sent.at(-1)?.seq ?? 0;
  return {
    seq: hasMoreSent ? Math.max(known.seq, lastSent) : conversation.last_seq,
    // Never later than the conversation's own row: what else happened between the two reads is not in this answer.
    rev: hasMoreChanged ? Math.min(Math.max(known.rev, lastChange), conversation.rev) : conversation.rev,
  };
}

/**
 * Numbers from the future are of another history, of a restored backup for one. What was erased without a trace is to be forgotten.
 * And a member who was out and came again may have been able to see what is hidden from them now.
 */
function remembersAnother(entry: ConversationMembership, known: Position): boolean {
  const { conversation, member } = entry;
  if (isAhead(entry, known)) return true;
  if (known.seq === 0 && known.rev === 0) return false;
  if (known.rev < (conversation.resync_rev ?? 0)) return true;
  return conversation.history === 'joined' && known.rev < member.joined_rev;
}
