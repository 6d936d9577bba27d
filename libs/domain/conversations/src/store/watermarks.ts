import type { Member } from './member.schema';
import type { Conversation } from './conversation.schema';

type Watermarked = Pick<Member, 'user' | 'read_seq' | 'delivered_seq'>;

export interface Watermarks {
  read_seq: number;
  delivered_seq: number;
}

/**
 * How far a member has read: up to what they marked, or up to their own newest message. The latter is kept in the conversation's
 * row, so that a send writes only one row, and never the row that a reader is marking at the same moment.
 */
export function watermarksOf(
  { sent_seqs }: Pick<Conversation, 'sent_seqs'>,
  { user, read_seq, delivered_seq }: Watermarked,
): Watermarks {
  const sent = sent_seqs[user.user_id.toHexString()] ?? 0;
  return { read_seq: Math.max(read_seq, sent), delivered_seq: Math.max(delivered_seq, read_seq, sent) };
}

export const unreadCountOf = (
  conversation: Pick<Conversation, 'sent_seqs' | 'last_seq'>,
  member: Watermarked,
): number => Math.max(0, conversation.last_seq - watermarksOf(conversation, member).read_seq);
