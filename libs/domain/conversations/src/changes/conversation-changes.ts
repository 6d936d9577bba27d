import { Injectable } from '@nestjs/common';
import type { ObjectId } from 'bson';
import { isEngineAway, notFound, type RequestContext } from '#caas/kernel';
import { Batcher } from '#caas/platform/concurrency';
import { conversationKey } from '../store/conversation-key';
import { ConversationFolds, foldWithin } from '../folding/conversation-folds';
import { foldOf } from '../folding/fold';
import type { FoldedMessage } from '../folding/stored-messages';
import { conversations, type Conversation } from '../store/conversation.schema';

const BATCHES = {
  /** More in one transaction would make each wait longer than it gains. */
  maxBatch: 32,
  queue: {
    /** Seconds of work for a busy engine: whoever comes later is better told so than kept waiting. */
    max: 1_000,
    overloaded: {
      code: 'too_many_changes',
      detail: 'More changes of this conversation are waiting than can soon be made.',
      retryAfterSeconds: 2,
    },
  },
  // One of them cannot be made: each for itself, and that one hears why. An engine that is away would be asked in vain for each.
  retriesSingly: (error: unknown) => !isEngineAway(error),
};

/** What a change can do, in the one transaction that gives it its place in the order. */
export interface ChangeScope {
  /** Of the transaction: everything that belongs to the change is read and written through it. */
  tx: RequestContext;
  /**
   * The row as the changes before this one left it, except for what they wrote to it themselves. All messages are folded into
   * it; `rev` is this change's own.
   */
  conversation: Conversation;
  /** The conversation's `rev` with this change: for the message or member that it is about, and for the event. */
  rev: number;
  /** One more, for something else that changes along with it and that clients are told of by itself. */
  nextRev(): number;
  /**
   * What the next message gets for its `seq`: one above the highest that is hot, which the folded row says, and the highest that is
   * or was archived. Where another process took the number, the insert throws a DuplicateKeyError: start over.
   */
  nextSeq(): number;
  /** The message of the next `seq` is stored: folds it into the row. */
  fold(message: FoldedMessage): Promise<void>;
}

/** Says that there was nothing to change: no `rev` is used, and `value` is the answer. */
export class Unchanged<T> {
  constructor(readonly value: T) {}
}

export interface Changed<T> {
  value: T;
  /** Of the conversation with this change; null when nothing changed. */
  rev: number | null;
}

type Work<T> = (scope: ChangeScope) => Promise<T | Unchanged<T>>;

interface Pending {
  ctx: RequestContext;
  conversationId: ObjectId;
  work: Work<unknown>;
}

/**
 * Every change of a conversation that is not a plain send: it takes the next `rev` in the transaction that makes the change, after
 * the row was folded. What comes while another is under way waits and then goes together, in one transaction. A change that fails
 * fails alone.
 */
@Injectable()
export class ConversationChanges {
  private readonly batcher = new Batcher<Pending, Changed<unknown>>((group) => this.commit(group), BATCHES);

  constructor(private readonly folds: ConversationFolds) {}

  /**
   * Runs `work` in a transaction, again from the start after a conflict: it must have no effect but through `tx`. Tell clients
   * after this has resolved, with the `rev` that it answers.
   * @throws CaasError `conversation_not_found` (404) when it is gone, `too_many_changes` (503), and whatever `work` throws:
   *   nothing is written then
   */
  apply<T>(ctx: RequestContext, conversationId: ObjectId, work: Work<T>): Promise<Changed<T>> {
    const changed = this.batcher.run(conversationKey(ctx, conversationId), { ctx, conversationId, work });
    return changed as Promise<Changed<T>>;
  }

  private async commit(group: Pending[]): Promise<Changed<unknown>[]> {
    const { ctx, conversationId } = group[0]!;
    const { row, answers } = await ctx.transaction(async (tx) => {
      const rows = tx.repository(conversations);
      // First of all: the row's lock is what puts the writers of several processes one after another.
      const before = await rows.findOneAndUpdate(
        { _id: conversationId },
        { $inc: { rev: group.length } },
        { returning: 'before' },
      );
      if (!before) throw notFound('conversation');
      let row = await this.folds.within(tx, before);
      let used = 0;
      const answers: Changed<unknown>[] = [];
      for (const { ctx: own, work } of group) {
        const rev = before.rev + used + 1;
        let further = 0;
        const value = await work({
          tx: own.within(tx),
          conversation: { ...row, rev },
          rev,
          nextRev: () => rev + (further += 1),
          nextSeq: () => Math.max(row.last_seq, row.archived_seq ?? 0) + 1,
          fold: async (message) => {
            const fold = foldOf(row, [message]);
            if (fold) row = await foldWithin(tx, fold);
          },
        });
        const unchanged = value instanceof Unchanged;
        answers.push(unchanged ? { value: value.value, rev: null } : { value, rev });
        if (!unchanged) used += 1 + further;
      }
      if (used !== group.length) await rows.updateOne({ _id: conversationId }, { $inc: { rev: used - group.length } });
      return { row, answers };
    });
    this.folds.moved(ctx, row);
    return answers;
  }
}
