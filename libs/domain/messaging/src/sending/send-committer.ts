import { Injectable } from '@nestjs/common';
import { CaasError, notFound, type RequestContext } from '#caas/kernel';
import { conversationKey, tenantOfKey } from '../conversations/conversation-key';
import type { Message } from '../persistence/message.schema';
import type { Draft, SendKey } from './draft';
import { ContendedGroup, GroupWriter, keyOf, type Written } from './group-writer';
import { WriteTurns } from './write-turns';

/** More in one transaction would make each wait longer than it gains. */
const MAX_GROUP = 64;
/** Seconds of work for a busy engine: whoever comes later is better told so than kept waiting. */
const MAX_WAITING = 5_000;

interface Pending {
  ctx: RequestContext;
  draft: Draft;
  resolve(sent: Sent): void;
  reject(error: unknown): void;
}

export interface Sent {
  message: Message;
  /** The message was there already: the same client sent the same once more. */
  replayed: boolean;
  /** The root of its thread, when this send is to tell of it. */
  root?: Message | null;
}

interface TenantQueue {
  waiting: Pending[];
  writing: boolean;
}

/**
 * Writes messages in groups. While a transaction of a tenant is under way, further sends gather, and the next transaction
 * takes them all: the commit, which is what costs, is shared. Idle, a send is committed at once. A group belongs to one
 * tenant, since a transaction's repository does.
 *
 * Nobody waits for another's trouble. What was stored before is answered from the store; a group that fails is halved until
 * the send that cannot be written is alone with its error; a conversation that other processes are writing to goes on by
 * itself, while the tenant's other sends go on together.
 */
@Injectable()
export class SendCommitter {
  private readonly tenants = new Map<string, TenantQueue>();

  constructor(
    private readonly writer: GroupWriter,
    private readonly turns: WriteTurns,
  ) {
    turns.whenFree((key) => this.advance(tenantOfKey(key)));
  }

  /** @throws CaasError `idempotency_mismatch` (422), `conversation_not_found` (404), `too_many_sends` (503) */
  submit(ctx: RequestContext, draft: Draft): Promise<Sent> {
    return new Promise((resolve, reject) => {
      let queue = this.tenants.get(ctx.tenantId);
      if (!queue) {
        queue = { waiting: [], writing: false };
        this.tenants.set(ctx.tenantId, queue);
      }
      if (queue.waiting.length >= MAX_WAITING) return reject(tooManySends());
      queue.waiting.push({ ctx, draft, resolve, reject });
      this.advance(ctx.tenantId);
    });
  }

  /**
   * What this send stored when it came before; null when it did not.
   * @throws CaasError `idempotency_mismatch` (422)
   */
  async find(ctx: RequestContext, send: SendKey): Promise<Sent | null> {
    const [message] = await this.writer.find(ctx, [send]);
    return message ? replayOf(message, send) : null;
  }

  private advance(tenantId: string): void {
    const queue = this.tenants.get(tenantId);
    if (!queue || queue.writing) return;
    const group = this.takeGroup(queue);
    if (group.length === 0) {
      if (queue.waiting.length === 0) this.tenants.delete(tenantId);
      return;
    }
    queue.writing = true;
    void this.commit(queue, group).finally(() => {
      queue.writing = false;
      this.advance(tenantId);
    });
  }

  /** The sends that may go together now, oldest first: those of no conversation that somebody is writing to. */
  private takeGroup(queue: TenantQueue): Pending[] {
    const group: Pending[] = [];
    const later: Pending[] = [];
    const ours = new Map<string, boolean>();
    for (const pending of queue.waiting) {
      const key = conversationOf(pending);
      if (group.length < MAX_GROUP && !ours.has(key)) ours.set(key, this.turns.take(key));
      (group.length < MAX_GROUP && ours.get(key) ? group : later).push(pending);
    }
    queue.waiting = later;
    return group;
  }

  private async commit(queue: TenantQueue, group: Pending[]): Promise<void> {
    const [distinct, repeated] = withoutRepeats(group);
    const contended = await this.write(distinct);
    const apart = Map.groupBy(contended, conversationOf);
    for (const [key, sends] of apart) void this.write(sends).finally(() => this.turns.release(key));
    for (const key of new Set(group.map(conversationOf))) if (!apart.has(key)) this.turns.release(key);
    // Sent twice at the same moment: by now the first is stored, or it failed and the second may try.
    queue.waiting.unshift(...(await this.answerKnown(repeated).catch(() => repeated)));
  }

  /** Answers every send but those of conversations that others are writing to, which it gives back. */
  private async write(group: Pending[]): Promise<Pending[]> {
    const [first] = group;
    if (!first) return [];
    try {
      const written = await this.writer.write(
        first.ctx,
        group.map(({ draft }) => draft),
      );
      group.forEach((pending, at) => answer(pending, written[at] ?? null));
      return [];
    } catch (error) {
      return error instanceof ContendedGroup ? group : this.recover(group, error);
    }
  }

  private async recover(group: Pending[], error: unknown): Promise<Pending[]> {
    const unknown = await this.answerKnown(group).catch(() => null);
    if (unknown === null || (unknown.length === 1 && group.length === 1)) {
      for (const { reject } of group) reject(error);
      return [];
    }
    if (unknown.length < group.length) return this.write(unknown);
    const half = Math.ceil(unknown.length / 2);
    const contended = await this.write(unknown.slice(0, half));
    return [...contended, ...(await this.write(unknown.slice(half)))];
  }

  /** Answers the sends that are stored already; gives back the others. */
  private async answerKnown(group: Pending[]): Promise<Pending[]> {
    const [first] = group;
    if (!first) return [];
    const found = await this.writer.find(
      first.ctx,
      group.map(({ draft }) => draft),
    );
    return group.filter((pending, at) => {
      const message = found[at];
      if (message) answerFrom(pending, message);
      return !message;
    });
  }
}

function withoutRepeats(group: Pending[]): [distinct: Pending[], repeated: Pending[]] {
  const seen = new Set<string>();
  const distinct: Pending[] = [];
  const repeated: Pending[] = [];
  for (const pending of group) {
    const key = keyOf(pending.draft);
    (seen.has(key) ? repeated : distinct).push(pending);
    seen.add(key);
  }
  return [distinct, repeated];
}

const conversationOf = ({ ctx, draft }: Pending): string => conversationKey(ctx, draft.conversation_id);

function answer({ resolve, reject }: Pending, written: Written | null): void {
  if (written) resolve({ ...written, replayed: false });
  else reject(notFound('conversation'));
}

function answerFrom({ draft, resolve, reject }: Pending, message: Message): void {
  // Its own: the commit succeeded, but the answer to it was lost on the way.
  if (message._id.equals(draft._id)) return resolve({ message, replayed: false });
  try {
    resolve(replayOf(message, draft));
  } catch (error) {
    reject(error);
  }
}

/** @throws CaasError `idempotency_mismatch` (422) */
function replayOf(message: Message, { request_hash }: Pick<SendKey, 'request_hash'>): Sent {
  if (message.request_hash === request_hash) return { message, replayed: true };
  throw new CaasError('mismatch', 'idempotency_mismatch', 'This client_message_id was used for another message.', [
    { field: 'client_message_id', message: 'was used for another message' },
  ]);
}

const tooManySends = () =>
  new CaasError('unavailable', 'too_many_sends', 'More messages are waiting than can be stored soon.', [], {
    retryAfterSeconds: 2,
  });
