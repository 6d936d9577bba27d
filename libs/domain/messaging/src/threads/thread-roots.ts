import type { ObjectId } from 'bson';
import type { RequestContext, UserReference } from '#caas/kernel';
import { IN_A_THREAD, messages, type Message } from '../persistence/message.schema';

const MAX_REPLIERS = 3;

/** Replies that one transaction adds to a thread, and the `rev` that the thread's root gets for them. */
export interface ThreadGrowth {
  rootId: ObjectId;
  rev: number;
  /** In the order of `seq`. */
  replies: Pick<Message, 'sender'>[];
}

/**
 * One for each thread that the drafts reply in. Their roots take the revs from `firstRev` on, which follow those of the drafts:
 * a client hears first of the reply and then of the root that counts it.
 */
export function threadGrowths(
  drafts: { thread_root_id: ObjectId | null; sender: UserReference }[],
  firstRev: number,
): ThreadGrowth[] {
  const threads = new Map<string, ThreadGrowth>();
  for (const { thread_root_id: rootId, sender } of drafts) {
    if (!rootId) continue;
    const thread = threads.get(rootId.toHexString());
    if (thread) thread.replies.push({ sender });
    else threads.set(rootId.toHexString(), { rootId, rev: firstRev + threads.size, replies: [{ sender }] });
  }
  return [...threads.values()];
}

/** Call it after the conversation's row was written, whose lock keeps others away. @returns the root as it then is */
export async function addReplies(tx: RequestContext, { rootId, rev, replies }: ThreadGrowth): Promise<Message | null> {
  const root = await tx.repository(messages).findById(rootId, { withDeleted: true });
  if (!root) return null;
  const last_repliers = replies.reduce(withReplier, root.last_repliers);
  return setOnRoot(tx, root, { reply_count: root.reply_count + replies.length, last_repliers, rev });
}

/** Takes a reply that is being deleted out of its thread. @returns the root as it then is */
export async function removeReply(
  tx: RequestContext,
  { _id, thread_root_id }: Pick<Message, '_id' | 'thread_root_id'>,
  nextRev: () => number,
): Promise<Message | null> {
  const root = thread_root_id && (await tx.repository(messages).findById(thread_root_id, { withDeleted: true }));
  if (!root) return null;
  const last_repliers: UserReference[] = [];
  while (last_repliers.length < MAX_REPLIERS) {
    const [newest] = await tx.repository(messages).find(
      {
        _id: { $ne: _id },
        $and: [{ thread_root_id: root._id }, IN_A_THREAD],
        'sender.user_id': { $nin: last_repliers.map(({ user_id }) => user_id) },
      },
      { sort: { seq: -1 }, limit: 1 },
    );
    if (!newest) break;
    last_repliers.push(newest.sender);
  }
  const reply_count = Math.max(0, root.reply_count - 1);
  return setOnRoot(tx, root, { reply_count, last_repliers, rev: nextRev() });
}

const withReplier = (repliers: UserReference[], { sender }: Pick<Message, 'sender'>): UserReference[] =>
  [sender, ...repliers.filter(({ user_id }) => !user_id.equals(sender.user_id))].slice(0, MAX_REPLIERS);

function setOnRoot(
  tx: RequestContext,
  { _id }: Message,
  fields: Pick<Message, 'reply_count' | 'last_repliers' | 'rev'>,
): Promise<Message | null> {
  return tx.repository(messages).findOneAndUpdate({ _id }, { $set: fields }, { withDeleted: true });
}
