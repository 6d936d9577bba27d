import { ObjectId as BsonObjectId } from 'bson';
import type { Update, UserReference, WriteOperation } from '#caas/kernel';
import type { Member } from '../store/member.schema';
import { monthOf } from '#caas/domain/usage';
import type { Conversation } from '../store/conversation.schema';
import type { FoldedMessage } from './stored-messages';

/** More senders than this in a conversation's own row, and they move to the rows of the members. */
const MAX_RECENT_SENDERS = 64;

/** What a fold must know of a row. */
export type FoldedRow = Pick<Conversation, '_id' | 'type' | 'created_by_id' | 'last_seq' | 'sent_seqs'>;
export const FOLDED_ROW_FIELDS = ['type', 'created_by_id', 'last_seq', 'sent_seqs'] as const;

/** How a row moves from `last_seq` L to H by what messages L+1..H say. */
export interface Fold {
  /** For the row whose `last_seq` is still L, and for no other. */
  update: Update<Conversation>;
  /** Marks that the row has no room for: to be written first. They may be written twice. */
  watermarks: WriteOperation<Member>[];
  /** The row afterwards, in what a fold must know of it. */
  after: FoldedRow;
  /** How many of the messages it took. */
  count: number;
}

/**
 * The one place that says how a conversation's row follows from its messages.
 * @param messages in the order of `seq`; those up to the row's `last_seq` are skipped, and those after a gap left for later
 * @returns null when there is nothing to fold
 */
export function foldOf(row: FoldedRow, messages: readonly FoldedMessage[]): Fold | null {
  const next = messages.filter(({ seq }) => seq > row.last_seq).filter(({ seq }, at) => seq === row.last_seq + at + 1);
  const newest = next.at(-1);
  if (!newest) return null;
  const sent = Object.fromEntries(next.map(({ sender, seq }) => [sender.user_id.toHexString(), seq]));
  const isFull = Object.keys({ ...row.sent_seqs, ...sent }).length > MAX_RECENT_SENDERS;
  const sentSeqs = isFull ? { sent_seqs: sent } : prefixed('sent_seqs', sent);
  return {
    update: {
      $set: {
        last_seq: newest.seq,
        last_message: lastMessageOf(newest),
        ...newestSender(row, newest.sender),
        ...sentSeqs,
      },
      $max: { last_activity_at: newest.created_at },
      $inc: prefixed('sent', countsByMonth(next)),
    },
    watermarks: isFull ? watermarksOfSenders(row) : [],
    after: { ...row, last_seq: newest.seq, sent_seqs: isFull ? sent : { ...row.sent_seqs, ...sent } },
    count: next.length,
  };
}

const lastMessageOf = ({ _id, sender, type, preview, created_at }: FoldedMessage) => ({
  id: _id,
  sender_id: sender.user_id,
  type,
  text: preview,
  created_at,
});

/** Those who are not among the row's `people` for good have the second place there. */
const newestSender = ({ type, created_by_id }: FoldedRow, sender: UserReference): { 'people.1'?: UserReference } =>
  type === 'direct' || created_by_id.equals(sender.user_id) ? {} : { 'people.1': sender };

function countsByMonth(messages: readonly FoldedMessage[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { created_at } of messages) counts[monthOf(created_at)] = (counts[monthOf(created_at)] ?? 0) + 1;
  return counts;
}

/** In the order of members, so that two processes never wait for each other crosswise. */
function watermarksOfSenders({ _id, sent_seqs }: FoldedRow): WriteOperation<Member>[] {
  return Object.entries(sent_seqs)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([userId, seq]) => ({
      updateOne: {
        filter: { conversation_id: _id, 'user.user_id': new BsonObjectId(userId) },
        update: { $max: { read_seq: seq, delivered_seq: seq } },
      },
    }));
}

const prefixed = <V>(path: string, values: Record<string, V>): Record<string, V> =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [`${path}.${name}`, value]));
