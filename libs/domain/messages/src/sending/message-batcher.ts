import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { CaasError, type RequestContext } from '#caas/kernel';
import { conversationKey } from '#caas/domain/conversations';
import type { Message } from '../store/message.schema';
import { Contention } from './contention';
import type { PreparedMessage, SendIdentity } from './prepared-message';
import { MessageInserter, type Outcome } from './message-inserter';
import { SendsWithChanges, tooManySends } from './sends-with-changes';
import { keyOf, SentMessageLookup } from './sent-message-lookup';

/** With more messages in one insert, each would wait longer than the sharing gains. */
const MAX_GROUP = 64;
/** Inserts of one tenant at once: the engine works on one while we prepare the next. */
const MAX_UNDER_WAY = 2;
/** Seconds of work for a busy engine. We refuse further sends instead of letting them wait longer. */
const MAX_WAITING = 5_000;
/** How long we try new numbers for a message because other processes were faster. */
const LONGEST_MS = 10_000;

interface Pending {
  ctx: RequestContext;
  key: string;
  draft: PreparedMessage;
  /** The send adds the message and changes nothing else. */
  isPlain: boolean;
  resolve(sent: SendResult): void;
  reject(error: unknown): void;
}

export interface SendResult {
  message: Message;
  /** The message existed already: the client repeated the same send. */
  replayed: boolean;
  /** The root of its thread, if this send has to publish it. */
  root?: Message | null;
}

interface TenantQueue {
  waiting: Pending[];
  underWay: number;
  /** Conversations into which this process is inserting messages. Their next sends wait, which keeps their order. */
  busy: Set<string>;
}

/**
 * Collects the messages that arrive during an insert into the next insert, because the round trip and the commit are the expensive
 * part. When idle, a message is inserted at once. An insert belongs to one tenant. A slow conversation does not delay others: a
 * conversation that other processes write to is retried on its own, and so is one whose message changes something else.
 *
 * This is not a `Batcher` (libs/platform/concurrency), because a tenant has two inserts under way and not one, messages of a busy
 * conversation are skipped, and each draft is answered on its own, before or after the others of its insert.
 */
@Injectable()
export class MessageBatcher {
  private readonly tenants = new Map<string, TenantQueue>();

  constructor(
    private readonly inserter: MessageInserter,
    private readonly withChanges: SendsWithChanges,
    private readonly sent: SentMessageLookup,
    private readonly contention: Contention,
  ) {}

  /**
   * @param isPlain whether nothing else changes with the message
   * @throws CaasError `idempotency_mismatch` (422), `conversation_not_found` (404), `too_many_sends` (503), and what
   *   `SendsWithChanges` throws
   */
  submit(ctx: RequestContext, draft: PreparedMessage, isPlain: boolean): Promise<SendResult> {
    return new Promise((resolve, reject) => {
      let queue = this.tenants.get(ctx.tenantId);
      if (!queue) {
        queue = { waiting: [], underWay: 0, busy: new Set() };
        this.tenants.set(ctx.tenantId, queue);
      }
      if (queue.waiting.length >= MAX_WAITING) return reject(tooManySends());
      queue.waiting.push({ ctx, key: conversationKey(ctx, draft.conversation_id), draft, isPlain, resolve, reject });
      // Without room for another insert, the message goes when a running insert ends.
      if (!isPlain || queue.underWay < MAX_UNDER_WAY) this.advance(ctx.tenantId, queue);
    });
  }

  /** The message that this send stored before; null when there is none. @throws CaasError `idempotency_mismatch` (422) */
  async find(ctx: RequestContext, send: SendIdentity): Promise<SendResult | null> {
    const [message] = await this.sent.find(ctx, [send]);
    return message ? replayOf(message, send) : null;
  }

  private advance(tenantId: string, queue: TenantQueue): void {
    const { plain, changing } = takeNext(queue);
    if (plain.length > 0) {
      queue.underWay += 1;
      void this.insert(queue, plain).finally(() => {
        queue.underWay -= 1;
        this.advance(tenantId, queue);
      });
    }
    for (const [key, own] of changing) void this.change(own).finally(() => this.end(tenantId, queue, key));
    if (queue.waiting.length === 0 && queue.underWay === 0 && queue.busy.size === 0) this.tenants.delete(tenantId);
  }

  /** Frees the conversation, after the pause that other processes asked for. The next `advance` sends what waits for it. */
  private release(tenantId: string, queue: TenantQueue, key: string): void {
    const pauseMs = this.contention.pauseMs(key);
    if (pauseMs === 0) return void queue.busy.delete(key);
    setTimeout(() => {
      queue.busy.delete(key);
      this.advance(tenantId, queue);
    }, pauseMs);
  }

  private end(tenantId: string, queue: TenantQueue, key: string): void {
    this.release(tenantId, queue, key);
    this.advance(tenantId, queue);
  }

  private async insert(queue: TenantQueue, group: Pending[]): Promise<void> {
    const { tenantId } = group[0]!.ctx;
    const [distinct, repeated] = withoutRepeats(group);
    const taken = await this.attempt(distinct);
    const contended = Map.groupBy(taken, ({ key }) => key);
    // Repeats of a send in the same group: by now the first is stored, or it failed and the repeat may try.
    queue.waiting.unshift(...repeated);
    for (const [key, own] of contended) void this.alone(own).finally(() => this.end(tenantId, queue, key));
    for (const key of new Set(group.map((each) => each.key))) {
      if (!contended.has(key)) this.release(tenantId, queue, key);
    }
  }

  /** @returns the messages whose `seq` another process took */
  private async attempt(group: Pending[]): Promise<Pending[]> {
    // Keyed by the object: the inserter answers with the same draft objects.
    const byDraft = new Map(group.map((pending) => [pending.draft, pending]));
    try {
      const taken = await this.inserter.insert(group[0]!.ctx, [...byDraft.keys()], (draft, outcome) =>
        answer(byDraft.get(draft)!, outcome),
      );
      return taken.map((draft) => byDraft.get(draft)!);
    } catch (error) {
      for (const { reject } of group) reject(error);
      return [];
    }
  }

  /** For a conversation that other processes write to as well. */
  private async alone(group: Pending[]): Promise<void> {
    const { ctx, draft } = group[0]!;
    const startedAtMs = performance.now();
    let losses = 1;
    for (let left = group; left.length > 0;) {
      if (performance.now() - startedAtMs > LONGEST_MS) return left.forEach(({ reject }) => reject(tooManySends()));
      const attemptedAtMs = performance.now();
      const taken = await this.attempt(left);
      losses = taken.length < left.length ? 1 : losses + 1;
      if (taken.length > 0) {
        this.contention.lost(ctx, draft.conversation_id, losses, performance.now() - attemptedAtMs);
        await sleep(Math.random() * losses);
      }
      left = taken;
    }
  }

  /** At the same time, so that they share a transaction. */
  private async change(group: Pending[]): Promise<void> {
    await Promise.all(
      group.map(async (pending) => {
        try {
          const sent = await this.withChanges.send(pending.ctx, pending.draft);
          if ('found' in sent) answer(pending, sent);
          else pending.resolve({ message: sent.stored, root: sent.root, replayed: false });
        } catch (error) {
          pending.reject(error);
        }
      }),
    );
  }
}

/** Takes what can be sent now, oldest first. From one conversation it takes either plain messages or others, which keeps their order. */
function takeNext(queue: TenantQueue): { plain: Pending[]; changing: Map<string, Pending[]> } {
  const plain: Pending[] = [];
  const changing = new Map<string, Pending[]>();
  const later: Pending[] = [];
  const hasRoom = queue.underWay < MAX_UNDER_WAY;
  const kinds = new Map<string, 'plain' | 'changing' | 'later'>();
  for (const pending of queue.waiting) {
    const { key, isPlain } = pending;
    const wanted = isPlain ? 'plain' : 'changing';
    let kind = kinds.get(key) ?? (queue.busy.has(key) ? 'later' : wanted);
    if (kind !== wanted || (isPlain && !(hasRoom && plain.length < MAX_GROUP))) kind = 'later';
    kinds.set(key, kind);
    if (kind === 'later') later.push(pending);
    else if (isPlain) plain.push(pending);
    else if (!changing.get(key)?.push(pending)) changing.set(key, [pending]);
  }
  queue.waiting = later;
  for (const { key } of plain) queue.busy.add(key);
  for (const key of changing.keys()) queue.busy.add(key);
  return { plain, changing };
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

function answer({ draft, resolve, reject }: Pending, outcome: Outcome): void {
  if ('error' in outcome) return reject(outcome.error);
  if ('stored' in outcome) return resolve({ message: outcome.stored, replayed: false });
  try {
    resolve(replayOf(outcome.found, draft));
  } catch (error) {
    reject(error);
  }
}

/** @throws CaasError `idempotency_mismatch` (422) */
function replayOf(message: Message, { request_hash }: Pick<SendIdentity, 'request_hash'>): SendResult {
  if (message.request_hash === request_hash) return { message, replayed: true };
  throw new CaasError('mismatch', 'idempotency_mismatch', 'This client_message_id was used for another message.', [
    { field: 'client_message_id', message: 'was used for another message' },
  ]);
}
