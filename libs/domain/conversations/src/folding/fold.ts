import { ObjectId as BsonObjectId } from 'bson';
import type { Update, UserReference, WriteOperation } from '#caas/kernel';
import type { Member } from '../store/member.schema';
import { monthOf } from '#caas/domain/usage';
import type { Conversation } from '../store/conversation.schema';
import type { FoldedMessage } from './stored-messages';

/** A conversation's row holds the marks of this many senders. Beyond that, they move to the rows of the members. */
const MAX_RECENT_SENDERS = 64;

/** The fields of a row that a fold needs. */
export type FoldedRow = Pick<Conversation, '_id' | 'type' | 'created_by_id' | 'last_seq' | 'sent_seqs'>;
export const FOLDED_ROW_FIELDS = ['type', 'created_by_id', 'last_seq', 'sent_seqs'] as const;

/** The change that moves a row from `last_seq` L to H, computed from the messages L+1..H. */
export interface Fold {
  /** Applies only to a row whose `last_seq` is still L. */
  update: Update<Conversation>;
  /** Watermarks that the row has no room for. Write them first; writing them twice does no harm. */
  watermarks: WriteOperation<Member>[];
  /** The row after the fold, in the fields that a fold needs. */
  after: FoldedRow;
  /** How many messages the fold includes. */
  count: number;
}

/**
 * The only place that derives a conversation's row from its messages.
 * @param messages in the order of `seq`; messages up to the row's `last_seq` are skipped, and messages after a gap are left for
 *   later
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

/** A sender who is not permanently in the row's `people` takes the second place there. */
const newestSender = ({ type, created_by_id }: FoldedRow, sender: UserReference): { 'people.1'?: UserReference } =>
  type === 'direct' || created_by_id.equals(sender.user_id) ? {} : { 'people.1': sender };

function countsByMonth(messages: readonly FoldedMessage[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { created_at } of messages) counts[monthOf(created_at)] = (counts[monthOf(created_at)] ?? 0) + 1;
  return counts;
}

/** In the order of members, so that two processes cannot deadlock. */
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
