import { Injectable } from '@nestjs/common';
import type { ObjectId } from 'bson';
import type { RequestContext } from '#caas/kernel';
import { FileOwnersRegistry, FileReferences } from '#caas/domain/media';
import { archivedMarks } from '../store/archived-mark.schema';
import { conversations, type Conversation } from '#caas/domain/conversations';
import { kindFieldsOf } from '../kinds/message-kinds';
import type { Message } from '../store/message.schema';
import { ConversationFolds } from '#caas/domain/conversations';
import { ThreadRoots } from '../threads/thread-roots';
import type { ArchivedMessage } from '../cold-reads/message-archive';
import { MessageReader } from '../cold-reads/message-reader';

const ROWS_AT_ONCE = 1_000;

/** A message in cold storage, before and after some of it was erased. */
export interface ErasedMessage {
  before: ArchivedMessage;
  after: ArchivedMessage;
}

/** Updates the hot collections after cold storage has erased something. For operators and jobs: it checks no permission. */
@Injectable()
export class ErasedMessages {
  constructor(
    private readonly reader: MessageReader,
    private readonly threads: ThreadRoots,
    private readonly references: FileReferences,
    private readonly holders: FileOwnersRegistry,
    private readonly folds: ConversationFolds,
  ) {}

  /**
   * Call it in the transaction that replaces the erased messages in cold storage, after the replacement. Each change that clients
   * can see takes a `rev`. Deleted replies are subtracted from the counts of their threads. The preview in the inbox loses its text
   * if its message was deleted.
   * @param erased messages of the conversation, by `seq`
   */
  async changed(tx: RequestContext, conversationId: ObjectId, erased: ErasedMessage[]): Promise<void> {
    const seen = erased.filter(isSeen);
    if (seen.length === 0) return;
    const replies = Map.groupBy(
      seen.filter(isDeleted).filter(({ before }) => before.message.thread_root_id !== null),
      ({ before }) => before.message.thread_root_id!.toHexString(),
    );
    const conversation = await this.takeRevs(tx, conversationId, seen.length + replies.size);
    if (!conversation) return;
    let { rev } = conversation;
    await this.mark(tx, seen, rev);
    rev += seen.length;
    for (const own of replies.values()) {
      const gone = own.map(({ before }) => before.message);
      await this.threads.removeReplies(tx, gone[0]!.thread_root_id!, gone, () => (rev += 1));
    }
    const preview = seen.filter(isDeleted).find(({ after }) => conversation.last_message?.id.equals(after.message._id));
    if (!preview) return;
    const $set = { 'last_message.text': null, 'last_message.deleted_at': preview.after.message.deleted_at };
    await tx.repository(conversations).updateOne({ _id: conversationId }, { $set }, { withDeleted: true });
  }

  /**
   * Call it in the transaction that makes messages of the conversation disappear for everybody, without tombstones.
   * @param forgotten whether clients must drop their copies too: a client that syncs is then told to resync from the start
   */
  async vanished(tx: RequestContext, conversationId: ObjectId, { forgotten }: { forgotten: boolean }): Promise<void> {
    const before = await this.takeRevs(tx, conversationId, forgotten ? 1 : 0);
    if (!before) return;
    const { rev, last_message } = before;
    const isGone = last_message !== null && (await this.reader.find(tx, last_message.id)) === null;
    const $set = { ...(forgotten ? { resync_rev: rev + 1 } : {}), ...(isGone ? { last_message: null } : {}) };
    if (Object.keys($set).length === 0) return;
    await tx.repository(conversations).updateOne({ _id: conversationId }, { $set }, { withDeleted: true });
  }

  /** Releases the files of those messages that are tombstones or gone. The collector would find these files too, only later. */
  async releaseFiles(ctx: RequestContext, ids: ObjectId[]): Promise<void> {
    for (let at = 0; at < ids.length; at += ROWS_AT_ONCE) {
      const held = await this.references.heldBy(ctx, 'message', ids.slice(at, at + ROWS_AT_ONCE));
      await this.references.releaseAll(ctx, await this.holders.abandoned(ctx, held));
    }
  }

  /** @returns the row with all messages folded, and with the `rev` that it had before */
  private async takeRevs(tx: RequestContext, _id: ObjectId, count: number): Promise<Conversation | null> {
    const update = { $inc: { rev: count } };
    const before = await tx
      .repository(conversations)
      .findOneAndUpdate({ _id }, update, { returning: 'before', withDeleted: true });
    return before && this.folds.within(tx, before);
  }

  /** The `rev` is stored in the hot side row, because the segment was written before the `rev` was known. */
  private async mark(tx: RequestContext, seen: ErasedMessage[], rev: number): Promise<void> {
    for (let at = 0; at < seen.length; at += ROWS_AT_ONCE) {
      const operations = seen.slice(at, at + ROWS_AT_ONCE).map((each, index) => {
        const { _id, conversation_id, seq, reply_count, last_repliers, pinned_at, updated_at } = each.after.message;
        const $set = {
          rev: rev + at + index + 1,
          changed_at: updated_at,
          ...(isDeleted(each) ? { pinned_at: null } : {}),
        };
        const $setOnInsert = {
          conversation_id,
          seq,
          reply_count,
          last_repliers,
          ...(isDeleted(each) ? {} : { pinned_at }),
        };
        return { updateOne: { filter: { _id }, update: { $set, $setOnInsert, $inc: { changes: 1 } }, upsert: true } };
      });
      await tx.repository(archivedMarks).bulkWrite(operations);
    }
  }
}

const isDeleted = ({ before, after }: ErasedMessage): boolean =>
  before.message.deleted_at === null && after.message.deleted_at !== null;

/** An erased copy of a name is no visible change, because readers look up the current name. */
const isSeen = (erased: ErasedMessage): boolean =>
  isDeleted(erased) || shownOf(erased.before.message) !== shownOf(erased.after.message);

const shownOf = (message: Message): string => JSON.stringify([message.reaction_counts, kindFieldsOf(message)]);
