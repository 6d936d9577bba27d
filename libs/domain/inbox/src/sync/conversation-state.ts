import type { ConversationMembership } from '#caas/domain/conversations';
import type { Message } from '#caas/domain/messages';
import { viewOfConversationFor, viewOfPreferences } from '#caas/domain/conversations';

/** Two numbers of a conversation: what a client remembers, or the current ones. */
export interface Position {
  /** Of a client: the last `seq` up to which it holds all messages. */
  seq: number;
  rev: number;
}

/** What was read of a conversation for the answer. */
export interface Found {
  /** Messages up to the client's `seq` that changed after its `rev`, in the order of `rev`. */
  changed: Message[];
  /** More messages have changed. */
  hasMoreChanged: boolean;
  /** Messages after the client's `seq`, in the order of `seq`. */
  sent: Message[];
  /** There are more new messages, or there was no room to look. */
  hasMoreSent: boolean;
}

export const isBehind = ({ conversation }: ConversationMembership, { seq, rev }: Position): boolean =>
  conversation.last_seq > seq || conversation.rev > rev;

/** A client that knows more than the row: the row may lag, or the client's numbers are of another history. */
export const isAhead = ({ conversation }: ConversationMembership, { seq, rev }: Position): boolean =>
  seq > conversation.last_seq || rev > conversation.rev;

/**
 * The state of one conversation in an answer.
 * @param entry read before the messages: later messages have higher numbers than the answer, and are asked for next time
 * @param found null when there was no room to read
 * @param unreadMentions of the member; used only for a client that is behind
 */
export function stateOf(entry: ConversationMembership, known: Position, found: Found | null, unreadMentions: number) {
  const { member } = entry;
  const behind = isBehind(entry, known);
  return {
    // Beyond the contract: the conversation's view, when anything in it changed.
    ...(behind ? { conversation: viewOfConversationFor(entry, unreadMentions) } : {}),
    ...reached(entry, known, found),
    has_more: found === null ? behind : found.hasMoreChanged || found.hasMoreSent,
    // Preferences have no rev, because nobody else sees them.
    preferences: viewOfPreferences(member),
    resync_required: remembersAnother(entry, known),
  };
}

/** The numbers up to which the answer is complete. */
function reached({ conversation }: ConversationMembership, known: Position, found: Found | null): Position {
  if (found === null) return known;
  const { changed, hasMoreChanged, sent, hasMoreSent } = found;
  const lastChange = changed.at(-1)?.rev ?? 0;
  const lastSent = sent.at(-1)?.seq ?? 0;
  return {
    seq: hasMoreSent ? Math.max(known.seq, lastSent) : conversation.last_seq,
    // At most the row's `rev`: changes between the two reads are not in this answer.
    rev: hasMoreChanged ? Math.min(Math.max(known.rev, lastChange), conversation.rev) : conversation.rev,
  };
}

/**
 * Numbers above the current ones are of another history, for example of a restored backup. A client must also drop messages that
 * were erased without a trace. And a member who left and came back may have seen messages that are hidden from them now.
 */
function remembersAnother(entry: ConversationMembership, known: Position): boolean {
  const { conversation, member } = entry;
  if (isAhead(entry, known)) return true;
  if (known.seq === 0 && known.rev === 0) return false;
  if (known.rev < (conversation.resync_rev ?? 0)) return true;
  return conversation.history === 'joined' && known.rev < member.joined_rev;
}
