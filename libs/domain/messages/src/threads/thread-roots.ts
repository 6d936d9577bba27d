import { Injectable } from '@nestjs/common';
import type { ObjectId } from 'bson';
import type { RequestContext, UserReference } from '#caas/kernel';
import { ArchivedMessageState, changeThread } from '../cold-reads/archived-message-state';
import { MessageReader } from '../cold-reads/message-reader';
import type { Message } from '../store/message.schema';

const MAX_REPLIERS = 3;
const REPLIES_AT_ONCE = 20;

/** A reply that a transaction adds to a thread, and the `rev` that the thread's root gets for it. */
export interface ThreadGrowth {
  rootId: ObjectId;
  rev: number;
  reply: Pick<Message, 'sender'>;
}

/** The root messages of threads, hot or archived, with the fields that summarize their replies. */
@Injectable()
export class ThreadRoots {
  constructor(
    private readonly reader: MessageReader,
    private readonly marks: ArchivedMessageState,
  ) {}

  /** Call it after the conversation's row was written: its lock keeps other writers out. @returns the changed root */
  async addReply(tx: RequestContext, { rootId, rev, reply }: ThreadGrowth): Promise<Message | null> {
    const root = await this.reader.find(tx, rootId);
    if (!root) return null;
    const last_repliers = withReplier(root.last_repliers, reply);
    return changeThread(tx, this.marks, root, { reply_count: root.reply_count + 1, last_repliers, rev });
  }

  /** Subtracts replies that this transaction deletes and that were not deleted before. @returns the changed root */
  async removeReplies(
    tx: RequestContext,
    rootId: ObjectId,
    replies: Pick<Message, '_id'>[],
    nextRev: () => number,
  ): Promise<Message | null> {
    const root = await this.reader.find(tx, rootId);
    if (!root) return null;
    const last_repliers = await this.lastRepliers(tx, root, replies);
    const reply_count = Math.max(0, root.reply_count - replies.length);
    return changeThread(tx, this.marks, root, { reply_count, last_repliers, rev: nextRev() });
  }

  /** The last repliers without the deleted replies. */
  private async lastRepliers(
    tx: RequestContext,
    { _id: rootId, conversation_id }: Message,
    replies: Pick<Message, '_id'>[],
  ): Promise<UserReference[]> {
    const going = new Set(replies.map(({ _id }) => _id.toHexString()));
    const last: UserReference[] = [];
    for (let to = Infinity; ;) {
      const span = { from: 1, to, direction: 'backward', limit: REPLIES_AT_ONCE } as const;
      const newest = await this.reader.span(tx, conversation_id, span, rootId);
      for (const { _id: id, sender, deleted_at } of newest) {
        const counts = deleted_at === null && !going.has(id.toHexString());
        if (counts && !last.some(({ user_id }) => user_id.equals(sender.user_id))) last.push(sender);
        if (last.length === MAX_REPLIERS) return last;
      }
      if (newest.length < REPLIES_AT_ONCE) return last;
      to = newest.at(-1)!.seq - 1;
    }
  }
}

const withReplier = (repliers: UserReference[], { sender }: Pick<Message, 'sender'>): UserReference[] =>
  [sender, ...repliers.filter(({ user_id }) => !user_id.equals(sender.user_id))].slice(0, MAX_REPLIERS);
