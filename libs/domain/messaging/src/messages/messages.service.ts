import { Injectable } from '@nestjs/common';
import { ObjectId } from 'bson';
import {
  CaasError,
  cutPage,
  invalid,
  notFound,
  parseObjectId,
  type Filter,
  type Page,
  type PageRequest,
  type RequestContext,
} from '#caas/kernel';
import { Realtime } from '#caas/platform/realtime';
import { ConversationAccess } from '../conversations/conversation-access';
import { messages, type Message, type MessageType } from '../persistence/message.schema';
import { requestHash } from '../sending/request-hash';
import { SendCommitter, type Sent } from '../sending/send-committer';
import { viewOfMessage } from '../views';

/** The body of a send, over REST and sockets alike. */
export interface NewMessage {
  client_message_id: string;
  type?: MessageType;
  text?: string;
  reply_to_id?: string;
  metadata?: Record<string, unknown>;
  encrypted?: string;
}

/** Where a page of messages begins, besides a cursor. At most one is given. */
export interface MessageSelector {
  after_seq?: number;
  before_seq?: number;
  around_seq?: number;
}

/** Messages of the conversations the actor is in. */
@Injectable()
export class MessagesService {
  constructor(
    private readonly access: ConversationAccess,
    private readonly committer: SendCommitter,
    private readonly realtime: Realtime,
  ) {}

  /**
   * Answers when the message is stored for good. The same `client_message_id` again answers the first message.
   * @throws CaasError `conversation_not_found` (404), `blocked` (403), `empty_message`, `unknown_reply` (400),
   *   `idempotency_mismatch` (422)
   */
  async send(ctx: RequestContext, conversationId: ObjectId, body: NewMessage): Promise<Sent> {
    const key = {
      conversation_id: conversationId,
      sender: ctx.user,
      client_message_id: body.client_message_id,
      request_hash: requestHash(body),
    };
    let replyTo: ObjectId | null;
    try {
      replyTo = await this.checkSend(ctx, conversationId, body);
    } catch (error) {
      // Stored is stored: whoever asks again hears so, whatever has been forbidden or removed since.
      const sent = isAboutNow(error) ? await this.committer.find(ctx, key) : null;
      if (sent) return sent;
      throw error;
    }
    const sent = await this.committer.submit(ctx, {
      ...key,
      _id: new ObjectId(),
      type: body.type ?? 'text',
      text: body.text ?? null,
      attachments: [],
      reply_to_id: replyTo,
      thread_root_id: null,
      reply_count: 0,
      mentions: [],
      metadata: body.metadata ?? null,
      encrypted: body.encrypted ?? null,
      reaction_counts: {},
      pinned_at: null,
      edited_at: null,
    });
    if (!sent.replayed) this.announce(ctx, sent.message);
    return sent;
  }

  /** May the actor send this now? Answers the message it replies to. */
  private async checkSend(ctx: RequestContext, id: ObjectId, body: NewMessage): Promise<ObjectId | null> {
    await this.access.requireSender(ctx, id);
    if (!body.text && !body.encrypted) {
      throw invalid('empty_message', 'A message needs a text or an encrypted payload.', [
        { field: 'text', message: 'must not be empty' },
      ]);
    }
    return body.reply_to_id === undefined ? null : this.replyTarget(ctx, id, body.reply_to_id);
  }

  /** @throws CaasError `message_not_found` (404), also for one in a conversation the actor is not in */
  async get(ctx: RequestContext, id: ObjectId): Promise<Message> {
    const message = await ctx.repository(messages).findById(id, { withDeleted: true });
    if (!message) throw notFound('message');
    await this.access.readable(ctx, message.conversation_id).catch((error: unknown) => {
      throw isNotFound(error) ? notFound('message') : error;
    });
    return message;
  }

  /**
   * A page by `seq`: newest first backward, oldest first forward. The cursor is the id of a message of this conversation.
   * @throws CaasError `conversation_not_found` (404), `invalid_cursor` (400)
   */
  async page(
    ctx: RequestContext,
    conversationId: ObjectId,
    request: PageRequest,
    selector: MessageSelector = {},
  ): Promise<Page<Message>> {
    await this.access.readable(ctx, conversationId);
    if (selector.around_seq !== undefined) return this.around(ctx, conversationId, request, selector.around_seq);
    const backward = request.direction === 'backward';
    const bound = request.cursor === null ? boundOf(selector) : await this.cursorBound(ctx, conversationId, request);
    const rows = await ctx
      .repository(messages)
      .find(bound === null ? { conversation_id: conversationId } : { conversation_id: conversationId, seq: bound }, {
        sort: { seq: backward ? -1 : 1 },
        limit: request.limit + 1,
        withDeleted: true,
      });
    return cutPage(rows, request, ({ _id }) => _id.toHexString());
  }

  /** Half of the page before, half from `seq` on; the cursor goes on in the page's direction. */
  private async around(
    ctx: RequestContext,
    conversationId: ObjectId,
    request: PageRequest,
    seq: number,
  ): Promise<Page<Message>> {
    const backward = request.direction === 'backward';
    const older = Math.floor(request.limit / 2);
    const behind = { $lt: seq };
    const ahead = { $gte: seq };
    const [near, far] = backward ? [ahead, behind] : [behind, ahead];
    const repository = ctx.repository(messages);
    const first = await repository.find(
      { conversation_id: conversationId, seq: near },
      { sort: { seq: backward ? 1 : -1 }, limit: backward ? request.limit - older : older, withDeleted: true },
    );
    const rest = await repository.find(
      { conversation_id: conversationId, seq: far },
      { sort: { seq: backward ? -1 : 1 }, limit: request.limit - first.length + 1, withDeleted: true },
    );
    return cutPage([...first.reverse(), ...rest], request, ({ _id }) => _id.toHexString());
  }

  private async cursorBound(ctx: RequestContext, conversationId: ObjectId, { cursor, direction }: PageRequest) {
    const at = { _id: new ObjectId(cursor!), conversation_id: conversationId };
    const last = await ctx.repository(messages).findOne(at, { withDeleted: true, fields: ['seq'] });
    if (!last) throw invalid('invalid_cursor', 'The cursor is not one that a page of this conversation handed out.');
    return direction === 'backward' ? { $lt: last.seq } : { $gt: last.seq };
  }

  private async replyTarget(ctx: RequestContext, conversationId: ObjectId, replyToId: string): Promise<ObjectId> {
    const _id = parseObjectId(replyToId, 'reply_to_id');
    const target = await ctx
      .repository(messages)
      .findOne({ _id, conversation_id: conversationId } as Filter<Message>, { fields: ['_id'] });
    if (target) return _id;
    throw invalid('unknown_reply', 'There is no such message in this conversation.', [
      { field: 'reply_to_id', message: 'must be a message of this conversation' },
    ]);
  }

  private announce(ctx: RequestContext, message: Message): void {
    const conversationId = message.conversation_id.toHexString();
    const { seq, rev } = message;
    this.realtime.publish(
      ctx,
      { conversationId },
      { type: 'message.created', conversationId, seq, rev, data: viewOfMessage(message) },
    );
  }
}

const isNotFound = (error: unknown): boolean => error instanceof CaasError && error.kind === 'not_found';

/** A refusal that may have come after the message was stored, unlike that of somebody who is not in the conversation. */
const isAboutNow = (error: unknown): boolean =>
  error instanceof CaasError && (error.kind === 'forbidden' || error.code === 'unknown_reply');

function boundOf({ after_seq, before_seq }: MessageSelector): Record<string, number> | null {
  if (after_seq !== undefined) return { $gt: after_seq };
  if (before_seq !== undefined) return { $lt: before_seq };
  return null;
}
