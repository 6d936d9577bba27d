import { Injectable } from '@nestjs/common';
import type { ObjectId } from 'bson';
import { CaasError, Clock, forbidden, notFound, type ErrorKind, type RequestContext } from '#caas/kernel';
import { UserDirectory } from '#caas/access';
import { Log } from '#caas/platform/logging';
import { RequestContexts } from '#caas/tenancy';
import { MessageAttachments } from '#caas/domain/messages';
import { sendIdentityOf } from '#caas/domain/messages';
import { MessagesService, type NewMessage } from '#caas/domain/messages';
import {
  IS_TO_BE_SENT,
  scheduledMessages,
  type ScheduledMessage,
  type ScheduledState,
} from './scheduled-message.schema';
import { MessageBatcher } from '#caas/domain/messages';
import { ScheduledNotifier } from './scheduled-notifier';

/** Longer than a send takes, however busy the engine is. A worker that has not finished by then counts as dead. */
const LEASE_MS = 30_000;
const RETRY_MS = 5_000;
const SUSPENDED_RETRY_MS = 60_000;
/** Errors of these kinds would be the same at another attempt. */
const FINAL: ReadonlySet<ErrorKind> = new Set(['invalid', 'quota', 'forbidden', 'not_found', 'conflict', 'mismatch']);

/**
 * Sends what is due, as its owner and with the rights that the owner has at that time. Safe to be killed at any point: the next
 * worker sends with the same `client_message_id`, which returns the first message.
 */
@Injectable()
export class ScheduledSender {
  constructor(
    private readonly contexts: RequestContexts,
    private readonly users: UserDirectory,
    private readonly messages: MessagesService,
    private readonly batcher: MessageBatcher,
    private readonly attachments: MessageAttachments,
    private readonly notifier: ScheduledNotifier,
    private readonly clock: Clock,
    private readonly log: Log,
  ) {}

  /** The due messages of a tenant, earliest first. */
  async due(ctx: RequestContext, limit: number): Promise<ObjectId[]> {
    const isDue = { $and: [IS_TO_BE_SENT, { due_at: { $lte: this.clock.now() } }] };
    const rows = await ctx.repository(scheduledMessages).find(isDue, { sort: { due_at: 1 }, limit, fields: ['_id'] });
    return rows.map(({ _id }) => _id);
  }

  /** Returns when to check it again; null when nothing is left to do. */
  async send(ctx: RequestContext, id: ObjectId): Promise<Date | null> {
    if (ctx.tenant.status === 'suspended') return this.later(SUSPENDED_RETRY_MS);
    const rows = ctx.repository(scheduledMessages);
    const row = await rows.findOneAndUpdate(
      { _id: id, $and: [IS_TO_BE_SENT, { due_at: { $lte: this.clock.now() } }] },
      { $set: { state: 'sending', due_at: this.later(LEASE_MS) } },
    );
    // The row is gone, finished, or claimed by another worker until `due_at`.
    if (!row) return (await rows.findById(id))?.due_at ?? null;
    try {
      await this.attempt(ctx, row);
      return null;
    } catch (error) {
      this.log.of(ctx).warn({ scheduled_message: id, reason: (error as Error).message }, 'not sent; tried again soon');
      const retryAt = this.later(RETRY_MS);
      await rows.updateOne(claimOf(row), { $set: { due_at: retryAt } });
      return retryAt;
    }
  }

  /** @throws Error when another attempt may succeed */
  private async attempt(ctx: RequestContext, row: ScheduledMessage): Promise<void> {
    const body = bodyOf(row);
    // At first with the owner's stored name, until their current one is known. Their id is enough to find a stored message.
    let owner = this.as(ctx, row);
    try {
      owner = await this.asOwner(ctx, row);
      const { message } = await this.messages.send(owner, row.conversation_id, body, true);
      await this.settle(ctx, row, 'sent', { message_id: message._id, message: null });
    } catch (error) {
      if (!(error instanceof CaasError) || !FINAL.has(error.kind)) throw error;
      // It is refused now, but an earlier, interrupted attempt may have stored the message.
      const sent = error.kind === 'mismatch' ? null : await this.find(owner, row, body);
      if (sent) await this.settle(ctx, row, 'sent', { message_id: sent, message: null });
      else await this.settle(ctx, row, 'failed', { failed_because: error.code });
    }
  }

  private async find(owner: RequestContext, row: ScheduledMessage, body: NewMessage): Promise<ObjectId | null> {
    const key = sendIdentityOf(owner, row.conversation_id, body.client_message_id, body);
    return (await this.batcher.find(owner, key))?.message._id ?? null;
  }

  /** Only the worker that holds the claim may finish it: a slow attempt says nothing about the attempt after it. */
  private async settle(
    ctx: RequestContext,
    row: ScheduledMessage,
    state: ScheduledState,
    outcome: Partial<ScheduledMessage>,
  ): Promise<void> {
    const end = { ...outcome, state, due_at: null, settled_at: this.clock.now() };
    const finish = (in_: RequestContext) =>
      in_.repository(scheduledMessages).findOneAndUpdate(claimOf(row), { $set: end });
    const settled = row.message?.attachments
      ? await ctx.transaction(async (tx) => {
          const finished = await finish(tx);
          if (finished) await this.attachments.release(tx, row);
          return finished;
        })
      : await finish(ctx);
    if (settled) this.notifier.tell(ctx, settled);
  }

  /** @throws CaasError `user_not_found` (404), `user_deactivated` (403) */
  private async asOwner(ctx: RequestContext, row: ScheduledMessage): Promise<RequestContext> {
    const known = await this.users.find(ctx, row.user.user_external_id);
    // The external id may have been given to a new user.
    if (!known?.reference.user_id.equals(row.user.user_id) || known.state === 'deleted') throw notFound('user');
    if (known.state === 'deactivated') throw forbidden('user_deactivated', 'This user is deactivated.');
    return this.as(ctx, { user: known.reference });
  }

  private as({ tenant, requestId }: RequestContext, { user }: Pick<ScheduledMessage, 'user'>): RequestContext {
    return this.contexts.open(tenant, { kind: 'user', user, via: 'token', sessionId: null }, requestId);
  }

  private later(ms: number): Date {
    return new Date(this.clock.now().getTime() + ms);
  }
}

const claimOf = ({ _id, due_at }: ScheduledMessage) => ({ _id, state: 'sending' as const, due_at });

/** @throws Error for a row that is finished */
function bodyOf({ _id, message }: ScheduledMessage): NewMessage {
  if (!message) throw new Error('A scheduled message that is to be sent has lost its content');
  return { ...message, client_message_id: `scheduled:${_id.toHexString()}` };
}
