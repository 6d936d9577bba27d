import { Injectable } from '@nestjs/common';
import type { ObjectId } from 'bson';
import {
  Clock,
  conflict,
  invalid,
  notFound,
  textOrNone,
  type Filter,
  type Page,
  type PageRequest,
  type Preconditions,
  type RequestContext,
} from '#caas/kernel';
import { MessageAttachments } from '#caas/domain/messages';
import { ConversationAccess } from '#caas/domain/conversations';
import { fileIdsOf } from '#caas/domain/messages';
import { MessagesService, type MessageBody } from '#caas/domain/messages';
import {
  scheduledEditionOf,
  scheduledMessages,
  type ScheduledMessage,
  type ScheduledState,
} from './scheduled-message.schema';
import { ScheduledDueIndex } from './scheduled-due-index';
import { ScheduledNotifier } from './scheduled-notifier';

const MAX_PENDING = 100;
const LONGEST_MS = 365 * 24 * 60 * 60_000;

/** A change of a scheduled message: null removes a field, an absent field stays as it is. */
export interface ScheduledChange {
  send_at?: Date;
  message: { [F in keyof MessageBody]?: MessageBody[F] | null };
}

/** The actor's scheduled messages. Only their owner sees them; the worker sends them (`ScheduledSender`). */
@Injectable()
export class ScheduledMessagesService {
  constructor(
    private readonly access: ConversationAccess,
    private readonly messages: MessagesService,
    private readonly attachments: MessageAttachments,
    private readonly hints: ScheduledDueIndex,
    private readonly notifier: ScheduledNotifier,
    private readonly clock: Clock,
  ) {}

  /**
   * Refuses at once what could not be sent now. Whether it is sent is decided again at its time. The limit is approximate:
   * concurrent calls of one user may exceed it. The files are held until the message is sent, refused or cancelled.
   * @param id of the new row: a repeated call with the same id returns the first row
   * @throws CaasError what a send throws, and `invalid_send_at`, `too_many_scheduled` (400)
   */
  async schedule(
    ctx: RequestContext,
    id: ObjectId,
    conversation_id: ObjectId,
    send_at: Date,
    wanted: MessageBody,
  ): Promise<ScheduledMessage> {
    const message = changed({}, wanted);
    const rows = ctx.repository(scheduledMessages);
    const existing = await rows.findOne(ownRow(ctx, id));
    if (existing) return existing;
    this.requireSoon(send_at);
    const { files } = await this.messages.check(ctx, conversation_id, message);
    if ((await rows.count({ 'user.user_id': ctx.user.user_id, state: 'pending' })) >= MAX_PENDING) {
      throw invalid('too_many_scheduled', `No more than ${MAX_PENDING} messages of a user wait to be sent.`);
    }
    const given = { _id: id, conversation_id, user: ctx.user, message, send_at, due_at: send_at };
    const initial = { state: 'pending' as const, message_id: null, failed_because: null, settled_at: null };
    const insert = (in_: RequestContext) => in_.repository(scheduledMessages).insertOne({ ...given, ...initial });
    const row = files
      ? await ctx.transaction(async (tx) => {
          await this.attachments.claim(tx, given, files);
          return insert(tx);
        })
      : await insert(ctx);
    await this.hints.set({ tenantId: ctx.tenantId, id }, send_at);
    this.notifier.tell(ctx, row);
    return row;
  }

  /**
   * The actor's own, newest first when paged backward. `among` selects a conversation or a state.
   * @throws CaasError `conversation_not_found` (404)
   */
  async list(
    ctx: RequestContext,
    among: { conversation_id?: ObjectId; state?: ScheduledState },
    request: PageRequest,
  ): Promise<Page<ScheduledMessage>> {
    if (among.conversation_id) await this.access.readable(ctx, among.conversation_id);
    return ctx.repository(scheduledMessages).page({ 'user.user_id': ctx.user.user_id, ...among }, request);
  }

  /** @throws CaasError `scheduled_message_not_found` (404), also for another user's */
  async get(ctx: RequestContext, id: ObjectId): Promise<ScheduledMessage> {
    const row = await ctx.repository(scheduledMessages).findOne(ownRow(ctx, id));
    if (!row) throw notFound('scheduled_message');
    return row;
  }

  /**
   * When a change and the send are concurrent, one of them comes first. Either the changed content is sent, or the change is
   * refused because the message is being sent.
   * @throws CaasError what `schedule` throws, `nothing_to_change` (400), `scheduled_message_not_found` (404), `not_pending` (409),
   *   `stale_version` (412)
   */
  async change(ctx: RequestContext, id: ObjectId, change: ScheduledChange, preconditions: Preconditions) {
    const { send_at } = change;
    if (send_at === undefined && Object.keys(change.message).length === 0) {
      throw invalid('nothing_to_change', 'Name send_at, or at least one field of the message.');
    }
    for (;;) {
      const before = await this.get(ctx, id);
      if (before.state !== 'pending' || !before.message) throw notPending();
      preconditions.require(scheduledEditionOf(before));
      if (send_at) this.requireSoon(send_at);
      const message = changed(before.message, change.message);
      const { files } = await this.messages.check(ctx, before.conversation_id, message);
      const seen: Filter<ScheduledMessage> = { ...ownRow(ctx, id), state: 'pending', __v: before.__v };
      const $set = { message, ...(send_at ? { send_at, due_at: send_at } : {}) };
      const row = await ctx.transaction(async (tx) => {
        const updated = await tx.repository(scheduledMessages).findOneAndUpdate(seen, { $set, $inc: { edition: 1 } });
        if (updated && change.message.attachments) {
          await this.attachments.replace(tx, updated, fileIdsOf(before.message?.attachments ?? []), files?.ids ?? []);
        }
        return updated;
      });
      // The owner on another device or the worker was faster: decide again by the current row.
      if (!row) continue;
      await this.hints.set({ tenantId: ctx.tenantId, id }, row.due_at);
      this.notifier.tell(ctx, row);
      return row;
    }
  }

  /**
   * When cancelling and the send are concurrent, exactly one happens. Cancelling again changes nothing.
   * @throws CaasError `scheduled_message_not_found` (404), `not_pending` (409), `stale_version` (412)
   */
  async cancel(ctx: RequestContext, id: ObjectId, preconditions: Preconditions): Promise<void> {
    for (;;) {
      const before = await this.get(ctx, id);
      if (before.state === 'cancelled') return;
      if (before.state !== 'pending') throw notPending();
      preconditions.require(scheduledEditionOf(before));
      const seen: Filter<ScheduledMessage> = { ...ownRow(ctx, id), state: 'pending', __v: before.__v };
      const $set = { state: 'cancelled' as const, due_at: null, message: null, settled_at: this.clock.now() };
      const row = await ctx.transaction(async (tx) => {
        const cancelled = await tx.repository(scheduledMessages).findOneAndUpdate(seen, { $set, $inc: { edition: 1 } });
        if (cancelled) await this.attachments.release(tx, cancelled);
        return cancelled;
      });
      // The owner on another device or the worker was faster: decide again by the current row.
      if (!row) continue;
      await this.hints.set({ tenantId: ctx.tenantId, id }, null);
      return this.notifier.tell(ctx, row);
    }
  }

  private requireSoon(send_at: Date): void {
    const ahead = send_at.getTime() - this.clock.now().getTime();
    if (ahead > 0 && ahead <= LONGEST_MS) return;
    throw invalid('invalid_send_at', 'A message is scheduled for a time within the next 365 days.', [
      { field: 'send_at', message: 'must be in the future, at most 365 days ahead' },
    ]);
  }
}

const notPending = () => conflict('not_pending', 'It does not wait to be sent any more.');

/** The content as a client would have given it: without removed fields, and without a blank text. */
function changed(before: MessageBody, change: ScheduledChange['message']): MessageBody {
  const after = { ...before, ...change };
  const text = textOrNone(after.text);
  const fields = Object.entries({ ...after, text }).filter(([, value]) => value !== null && value !== undefined);
  return Object.fromEntries(fields) as MessageBody;
}

const ownRow = ({ user }: RequestContext, _id: ObjectId) => ({ _id, 'user.user_id': user.user_id });
