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
  /** With more changes in one transaction, each would wait longer than the sharing gains. */
  maxBatch: 32,
  queue: {
    /** Seconds of work for a busy engine. We refuse further changes instead of letting them wait longer. */
    max: 1_000,
    overloaded: {
      code: 'too_many_changes',
      detail: 'More changes of this conversation are waiting than can soon be made.',
      retryAfterSeconds: 2,
    },
  },
  // One change of the batch fails: retry each on its own, so that only that one gets the error. While the engine is away, retries
  // would be in vain.
  retriesSingly: (error: unknown) => !isEngineAway(error),
};

/** What a change can do, in the transaction that gives it its `rev`. */
export interface ChangeScope {
  /** The transaction: the change reads and writes everything through it. */
  tx: RequestContext;
  /**
   * The row as the changes before this one left it, except for what they wrote to the row themselves. All messages are folded into
   * it; `rev` is this change's own.
   */
  conversation: Conversation;
  /** The conversation's `rev` of this change: for the message or member that it changes, and for the event. */
  rev: number;
  /** Takes another `rev`, for something that changes along with this and has an event of its own. */
  nextRev(): number;
  /**
   * The `seq` for the next message: one above the highest hot one, which the folded row knows, and above the highest one that is or
   * was archived. If another process took the number, the insert throws a DuplicateKeyError: start over.
   */
  nextSeq(): number;
  /** Call it when the message with the next `seq` is stored: folds it into the row. */
  fold(message: FoldedMessage): Promise<void>;
}

/** Returned when there is nothing to change: no `rev` is used, and `value` is the answer. */
export class Unchanged<T> {
  constructor(readonly value: T) {}
}

export interface Changed<T> {
  value: T;
  /** The conversation's `rev` of this change; null when nothing changed. */
  rev: number | null;
}

type Work<T> = (scope: ChangeScope) => Promise<T | Unchanged<T>>;

interface Pending {
  ctx: RequestContext;
  conversationId: ObjectId;
  work: Work<unknown>;
}

/**
 * Every change of a conversation that is not a plain send. It takes the next `rev` in the transaction that makes the change, after
 * the row was folded. Changes that arrive during another one wait, and then share one transaction. A change that fails does not
 * make the others fail.
 */
@Injectable()
export class ConversationChanges {
  private readonly batcher = new Batcher<Pending, Changed<unknown>>((group) => this.commit(group), BATCHES);

  constructor(private readonly folds: ConversationFolds) {}

  /**
   * Runs `work` in a transaction, and runs it again after a conflict, so `work` must have no effect except through `tx`. Notify
   * clients after this has resolved, with the `rev` that it returns.
   * @throws CaasError `conversation_not_found` (404) when it is gone, `too_many_changes` (503), and whatever `work` throws: nothing
   *   is written then
   */
  apply<T>(ctx: RequestContext, conversationId: ObjectId, work: Work<T>): Promise<Changed<T>> {
    const changed = this.batcher.run(conversationKey(ctx, conversationId), { ctx, conversationId, work });
    return changed as Promise<Changed<T>>;
  }

  private async commit(group: Pending[]): Promise<Changed<unknown>[]> {
    const { ctx, conversationId } = group[0]!;
    const { row, answers } = await ctx.transaction(async (tx) => {
      const rows = tx.repository(conversations);
      // First of all: the lock of the row serializes the writers of several processes.
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
