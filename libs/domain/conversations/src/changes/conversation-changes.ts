import { Injectable } from '@nestjs/common';
import type { ObjectId } from 'bson';
import { CaasError, notFound, type RequestContext } from '#caas/kernel';
import { isEngineAway } from '#caas/platform/http';
import { conversationKey } from '../store/conversation-key';
import { ConversationFolds, foldWithin } from '../folding/conversation-folds';
import { foldOf } from '../folding/fold';
import type { FoldedMessage } from '../folding/stored-messages';
import { conversations, type Conversation } from '../store/conversation.schema';

/** More in one transaction would make each wait longer than it gains. */
const MAX_TOGETHER = 32;
/** Seconds of work for a busy engine: whoever comes later is better told so than kept waiting. */
const MAX_WAITING = 1_000;

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
  work: Work<unknown>;
  resolve(changed: Changed<unknown>): void;
  reject(error: unknown): void;
}

/**
 * Every change of a conversation that is not a plain send: it takes the next `rev` in the transaction that makes the change, after
 * the row was folded. What comes while another is under way waits and then goes together, in one transaction. A change that fails
 * fails alone.
 */
@Injectable()
export class ConversationChanges {
  private readonly waiting = new Map<string, Pending[]>();

  constructor(private readonly folds: ConversationFolds) {}

  /**
   * Runs `work` in a transaction, again from the start after a conflict: it must have no effect but through `tx`. Tell clients
   * after this has resolved, with the `rev` that it answers.
   * @throws CaasError `conversation_not_found` (404) when it is gone, `too_many_changes` (503), and whatever `work` throws:
   *   nothing is written then
   */
  apply<T>(ctx: RequestContext, conversationId: ObjectId, work: Work<T>): Promise<Changed<T>> {
    const key = conversationKey(ctx, conversationId);
    return new Promise<Changed<T>>((resolve, reject) => {
      const pending = { ctx, work, resolve: resolve as Pending['resolve'], reject };
      const waiting = this.waiting.get(key);
      if (waiting && waiting.length >= MAX_WAITING) return reject(tooManyChanges());
      if (waiting) return void waiting.push(pending);
      this.waiting.set(key, [pending]);
      void this.drain(key, conversationId);
    });
  }

  private async drain(key: string, conversationId: ObjectId): Promise<void> {
    for (let waiting = this.waiting.get(key)!; waiting.length > 0;) {
      await this.together(conversationId, waiting.splice(0, MAX_TOGETHER));
    }
    this.waiting.delete(key);
  }

  private async together(conversationId: ObjectId, group: Pending[]): Promise<void> {
    try {
      const answers = await this.commit(conversationId, group);
      group.forEach(({ resolve }, at) => resolve(answers[at]!));
    } catch (error) {
      // Alone with its error; or the engine is away, for all of them, and would be asked in vain for each.
      if (group.length === 1 || isEngineAway(error)) return group.forEach(({ reject }) => reject(error));
      // One of them cannot be made: each for itself, and that one hears why.
      for (const pending of group) await this.together(conversationId, [pending]);
    }
  }

  private async commit(conversationId: ObjectId, group: Pending[]): Promise<Changed<unknown>[]> {
    const { ctx } = group[0]!;
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

const tooManyChanges = () =>
  new CaasError(
    'unavailable',
    'too_many_changes',
    'More changes of this conversation are waiting than can soon be made.',
    [],
    {
      retryAfterSeconds: 2,
    },
  );
