import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { CaasError, Clock, DuplicateKeyError, type RequestContext } from '#caas/kernel';
import { MessageQuota } from '#caas/domain/usage';
import { ConversationChanges, Unchanged } from '#caas/domain/conversations';
import { ConversationFolds } from '#caas/domain/conversations';
import { MessagePolicy } from '../message/message-policy';
import { foldedMessageOf } from '../message/stored-messages-reader';
import { messages, type Message } from '../store/message.schema';
import { ThreadRoots } from '../threads/thread-roots';
import { Contention } from './contention';
import type { PreparedMessage } from './prepared-message';
import { SentMessageLookup } from './sent-message-lookup';

const LONGEST_MS = 10_000;
const PAUSE_MS = 5;

export type SentWithChange =
  | {
      stored: Message;
      /** The root of its thread, which changed with it. */
      root: Message | null;
    }
  | { found: Message };

/** The message was sent before and is archived by now. */
class AlreadySentError extends Error {}

/**
 * Sends that change something else as well: the root of a thread, a moderation case, or the count of a month near its quota. Each
 * is a change of its conversation. It inserts its message first, and starts over when another process took the `seq`.
 */
@Injectable()
export class SendsWithChanges {
  constructor(
    private readonly changes: ConversationChanges,
    private readonly sent: SentMessageLookup,
    private readonly threads: ThreadRoots,
    private readonly policy: MessagePolicy,
    private readonly quota: MessageQuota,
    private readonly contention: Contention,
    private readonly folds: ConversationFolds,
    private readonly clock: Clock,
  ) {}

  /** @throws CaasError `conversation_not_found` (404), `quota_exceeded` (402), `too_many_sends`, `too_many_changes` (503) */
  async send(ctx: RequestContext, draft: PreparedMessage): Promise<SentWithChange> {
    // The change folds the row itself. If this process dies before it publishes, a worker publishes.
    const marked = this.folds.begin(ctx, [draft.conversation_id]);
    if (marked) await marked;
    const startedAtMs = performance.now();
    for (;;) {
      const attemptedAtMs = performance.now();
      try {
        return await this.attempt(ctx, draft);
      } catch (error) {
        if (!(error instanceof DuplicateKeyError) && !(error instanceof AlreadySentError)) throw error;
        const [found] = await this.sent.find(ctx, [draft]);
        if (found) return found._id.equals(draft._id) ? { stored: found, root: null } : { found };
        if (performance.now() - startedAtMs > LONGEST_MS) throw tooManySends();
        this.contention.askForRoom(ctx, draft.conversation_id, performance.now() - attemptedAtMs);
        await sleep(Math.random() * PAUSE_MS);
      }
    }
  }

  private attempt(ctx: RequestContext, { flagged, ...draft }: PreparedMessage): Promise<SentWithChange> {
    return this.quota.sending(ctx, async (check) => {
      const { value } = await this.changes.apply<SentWithChange>(ctx, draft.conversation_id, async (scope) => {
        const { tx, conversation, rev } = scope;
        if ((conversation.archive_version ?? null) !== null && (await this.sent.hasArchived(tx, [draft]))) {
          throw new AlreadySentError();
        }
        const created_at = this.clock.now();
        const numbers = { seq: scope.nextSeq(), rev: 0, created_rev: rev - 1 };
        const stored = await tx.repository(messages).insertOne({ ...draft, created_at, ...numbers });
        await scope.fold(foldedMessageOf(stored));
        if (flagged) await this.policy.flag(tx, [stored]);
        const { thread_root_id: rootId } = draft;
        const root = rootId && (await this.threads.addReply(tx, { rootId, rev, reply: stored }));
        // Last, because near the quota all processes write to the same row. So its lock is held for the shortest time.
        await check(tx, 1, created_at);
        return root ? { stored, root } : new Unchanged({ stored, root: null });
      });
      return value;
    });
  }
}

export const tooManySends = () =>
  new CaasError('unavailable', 'too_many_sends', 'More messages are waiting than can be stored soon.', [], {
    retryAfterSeconds: 2,
  });
