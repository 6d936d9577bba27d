import { Injectable } from '@nestjs/common';
import type { ObjectId } from 'bson';
import { DuplicateKeyError, type RequestContext, type WriteOperation } from '#caas/kernel';
import { conversations } from '#caas/domain/conversations';
import { textsOf } from '../kinds/message-kinds';
import { HAS_CHANGED, messages, type Message } from '../store/message.schema';
import { searchCursors, searchEntries, type SearchCursor, type SearchEntry } from '../store/search-entry.schema';
import { termsOf } from './terms';

const BATCH = 200;
/** After this, other conversations have their turn. */
const MAX_BATCHES = 10;
const CONVERSATIONS_AT_ONCE = 200;

/** Indexes the words of messages after they were stored, so that a send does not wait for it. For jobs only. */
@Injectable()
export class SearchIndexer {
  /** True when nothing is left to index. Safe to run concurrently: of two runs at the same cursor only one goes on. */
  async index(ctx: RequestContext, conversationId: ObjectId): Promise<boolean> {
    for (let batch = 0; batch < MAX_BATCHES; batch += 1) {
      const taken = await this.step(ctx, conversationId);
      if (taken < BATCH) return true;
    }
    return false;
  }

  /**
   * Indexes conversations that are ahead of their cursors, one portion per call.
   * @returns where the next portion begins; null after the last
   */
  async indexBehind(ctx: RequestContext, after: ObjectId | null): Promise<ObjectId | null> {
    const filter = after === null ? {} : { _id: { $gt: after } };
    const some = await ctx
      .repository(conversations)
      .find(filter, { sort: { _id: 1 }, limit: CONVERSATIONS_AT_ONCE, fields: ['last_seq', 'rev'], withDeleted: true });
    const cursors = await ctx.repository(searchCursors).find({ conversation_id: { $in: some.map(({ _id }) => _id) } });
    const reached = new Map(cursors.map((cursor) => [cursor.conversation_id.toHexString(), cursor]));
    for (const { _id, last_seq, rev } of some) {
      const cursor = reached.get(_id.toHexString());
      if (last_seq > (cursor?.seq ?? 0) || rev > (cursor?.rev ?? 0)) await this.index(ctx, _id);
    }
    return some.length < CONVERSATIONS_AT_ONCE ? null : some.at(-1)!._id;
  }

  /** New messages first, then changes of messages that are indexed. @returns how many messages it read */
  private async step(ctx: RequestContext, conversation_id: ObjectId): Promise<number> {
    const cursor = await this.cursor(ctx, conversation_id);
    const conversation = await ctx.repository(conversations).findById(conversation_id, { withDeleted: true });
    if (!conversation) return 0;
    return ctx.transaction(async (tx) => {
      const rows = tx.repository(messages);
      const bySeq = { sort: { seq: 1 }, limit: BATCH, withDeleted: true } as const;
      // Includes messages that are not folded into the conversation's row yet.
      const sent = await rows.find({ conversation_id, seq: { $gt: cursor.seq } }, bySeq);
      if (sent.length > 0) {
        await moveCursor(tx, cursor, { seq: sent.at(-1)!.seq, rev: cursor.rev }, sent);
        return sent.length;
      }
      const byRev = { sort: { rev: 1 }, limit: BATCH, withDeleted: true } as const;
      const after = { $and: [{ conversation_id, rev: { $gt: cursor.rev } }, HAS_CHANGED] };
      const changed = conversation.rev > cursor.rev ? await rows.find(after, byRev) : [];
      // The conversation was read before the messages, so a message may have a later rev. Changes without a message take revs too,
      // so the last message's rev may also be lower.
      const last = changed.at(-1)?.rev ?? 0;
      const rev = changed.length === BATCH ? last : Math.max(conversation.rev, last);
      if (rev > cursor.rev) await moveCursor(tx, cursor, { seq: cursor.seq, rev }, changed);
      return changed.length;
    });
  }

  private async cursor(ctx: RequestContext, conversation_id: ObjectId): Promise<Cursor> {
    const cursors = ctx.repository(searchCursors);
    const known = await cursors.findOne({ conversation_id });
    if (known?.seq !== undefined) return { ...known, seq: known.seq };
    if (known) return this.completed(ctx, known);
    try {
      await cursors.insertOne({ conversation_id, seq: 0, rev: 0 });
    } catch (error) {
      if (!(error instanceof DuplicateKeyError)) throw error;
    }
    return { conversation_id, seq: 0, rev: 0 };
  }

  /** A row from before sends were one write: the messages sent up to its `rev` have entries. */
  private async completed(ctx: RequestContext, { conversation_id, rev }: SearchCursor): Promise<Cursor> {
    const [newest] = await ctx
      .repository(messages)
      .find(
        { conversation_id, created_rev: { $lte: rev, $gt: 0 } },
        { sort: { seq: -1 }, limit: 1, withDeleted: true, fields: ['seq'] },
      );
    const seq = newest?.seq ?? 0;
    await ctx.repository(searchCursors).updateOne({ conversation_id, rev }, { $set: { seq } });
    return { conversation_id, seq, rev };
  }
}

type Cursor = Pick<SearchCursor, 'conversation_id' | 'rev'> & { seq: number };

/** Of two runs at the same cursor, only one moves it. */
async function moveCursor(tx: RequestContext, from: Cursor, to: Pick<Cursor, 'seq' | 'rev'>, read: Message[]) {
  const { conversation_id, seq, rev } = from;
  const { modified } = await tx.repository(searchCursors).updateOne({ conversation_id, seq, rev }, { $set: to });
  if (modified === 1) await tx.repository(searchEntries).bulkWrite(read.map(entryOperation));
}

function entryOperation(message: Message): WriteOperation<SearchEntry> {
  const { _id, conversation_id } = message;
  const terms = termsOf(searchableText(message));
  if (terms.length === 0) return { deleteOne: { filter: { _id } } };
  return { updateOne: { filter: { _id }, update: { $set: { conversation_id, terms } }, upsert: true } };
}

/**
 * The readable words of a message, with those of its kind (a poll). An encrypted message has none, nor does a text beside the
 * payload count.
 */
export function searchableText(message: Message): string {
  const { deleted_at, encrypted, type } = message;
  return deleted_at !== null || encrypted !== null || type === 'system' ? '' : textsOf(message).join('\n');
}
