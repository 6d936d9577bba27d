import { Injectable } from '@nestjs/common';
import type { ObjectId } from 'bson';
import { DuplicateKeyError, type RequestContext, type WriteOperation } from '#caas/kernel';
import { conversations } from '../persistence/conversation.schema';
import { messages, type Message } from '../persistence/message.schema';
import { searchCursors, searchEntries, type SearchEntry } from '../persistence/search-entry.schema';
import { termsOf } from './terms';

const BATCH = 200;
/** Then it is the turn of other conversations. */
const MAX_BATCHES = 10;
const CONVERSATIONS_AT_ONCE = 200;

/** Takes down the words of messages after they were stored, so that sending does not wait for it. For jobs only. */
@Injectable()
export class SearchIndexer {
  /** True when nothing was left to take down. Safe beside itself: only one of two goes on from where a cursor stands. */
  async index(ctx: RequestContext, conversationId: ObjectId): Promise<boolean> {
    for (let batch = 0; batch < MAX_BATCHES; batch += 1) {
      const taken = await this.step(ctx, conversationId);
      if (taken < BATCH) return true;
    }
    return false;
  }

  /**
   * Looks for conversations that are ahead of their cursors, a portion at a time.
   * @returns where the next portion begins; null after the last
   */
  async indexBehind(ctx: RequestContext, after: ObjectId | null): Promise<ObjectId | null> {
    const filter = after === null ? {} : { _id: { $gt: after } };
    const some = await ctx
      .repository(conversations)
      .find(filter, { sort: { _id: 1 }, limit: CONVERSATIONS_AT_ONCE, fields: ['rev'], withDeleted: true });
    const cursors = await ctx
      .repository(searchCursors)
      .find({ conversation_id: { $in: some.map(({ _id }) => _id) } }, { fields: ['conversation_id', 'rev'] });
    const reached = new Map(cursors.map(({ conversation_id, rev }) => [conversation_id.toHexString(), rev]));
    for (const { _id, rev } of some) if (rev > (reached.get(_id.toHexString()) ?? 0)) await this.index(ctx, _id);
    return some.length < CONVERSATIONS_AT_ONCE ? null : some.at(-1)!._id;
  }

  /** How many messages it looked at. */
  private async step(ctx: RequestContext, conversation_id: ObjectId): Promise<number> {
    const cursor = await this.cursor(ctx, conversation_id);
    const conversation = await ctx.repository(conversations).findById(conversation_id, { withDeleted: true });
    if (!conversation || conversation.rev <= cursor) return 0;
    return ctx.transaction(async (tx) => {
      const changed = await tx
        .repository(messages)
        .find({ conversation_id, rev: { $gt: cursor } }, { sort: { rev: 1 }, limit: BATCH, withDeleted: true });
      // Read before the messages, the conversation's rev promises nothing about later ones; other changes have no message.
      const rev = changed.length === BATCH ? changed.at(-1)!.rev : Math.max(conversation.rev, changed.at(-1)?.rev ?? 0);
      const { modified } = await tx
        .repository(searchCursors)
        .updateOne({ conversation_id, rev: cursor }, { $set: { rev } });
      if (modified === 1) await tx.repository(searchEntries).bulkWrite(changed.map(entryOperation));
      return changed.length;
    });
  }

  private async cursor(ctx: RequestContext, conversation_id: ObjectId): Promise<number> {
    const cursors = ctx.repository(searchCursors);
    const known = await cursors.findOne({ conversation_id });
    if (known) return known.rev;
    try {
      await cursors.insertOne({ conversation_id, rev: 0 });
    } catch (error) {
      if (!(error instanceof DuplicateKeyError)) throw error;
    }
    return 0;
  }
}

function entryOperation(message: Message): WriteOperation<SearchEntry> {
  const { _id, conversation_id } = message;
  const terms = termsOf(searchableText(message));
  if (terms.length === 0) return { deleteOne: { filter: { _id } } };
  return { updateOne: { filter: { _id }, update: { $set: { conversation_id, terms } }, upsert: true } };
}

/** What somebody wrote in the open, the words of a poll too. What is encrypted has none for us, nor a text beside it. */
export function searchableText({ deleted_at, encrypted, text, poll, type }: Message): string {
  if (deleted_at !== null || encrypted !== null || type === 'system') return '';
  const polled = poll ? [poll.question, ...poll.options.map((option) => option.text)] : [];
  return [text ?? '', ...polled].join('\n');
}
