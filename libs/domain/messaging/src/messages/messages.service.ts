import { Injectable } from '@nestjs/common';
import { ObjectId } from 'bson';
import {
  cutPage,
  invalid,
  notFound,
  parseObjectId,
  type Filter,
  type Page,
  type PageRequest,
  type RequestContext,
} from '#caas/kernel';
import { TextModeration } from '../moderation/text-moderation';
import { ConversationAccess } from '../conversations/conversation-access';
import { IN_A_THREAD, IS_PINNED, messages, type Message, type MessageType } from '../persistence/message.schema';
import { pollOf, type NewPoll } from '../polls/poll';
import type { Sent } from '../sending/send-committer';
import { SendRates } from '../sending/send-rates';
import { Mentions } from './mentions';
import { fileIdsOf, requireContent, type AttachedFile } from './content';
import { MessageAccess } from './message-access';
import { ContentLimits } from './content-limits';
import { MessageSender, sendKeyOf, type Checked } from './message-sender';

/** What a message says, whenever it is sent. */
export interface MessageBody {
  type?: MessageType;
  text?: string;
  reply_to_id?: string;
  /** The message that began the thread this one belongs to. */
  thread_root_id?: string;
  /** External ids of members. */
  mentions?: string[];
  metadata?: Record<string, unknown>;
  encrypted?: string;
  poll?: NewPoll;
  attachments?: AttachedFile[];
}

/** The body of a send, over REST and sockets alike. */
export interface NewMessage extends MessageBody {
  client_message_id: string;
}

/** Where a page of messages begins, besides a cursor. At most one is given. */
export interface MessageSelector {
  after_seq?: number;
  before_seq?: number;
  around_seq?: number;
}

/** Which messages a page is about; all of the conversation when neither is given. */
export interface MessageSelection {
  /** The replies of one thread, without its root. */
  thread_root_id?: ObjectId;
  pinned?: true;
}

/** Messages of the conversations the actor is in. */
@Injectable()
export class MessagesService {
  constructor(
    private readonly access: ConversationAccess,
    private readonly found: MessageAccess,
    private readonly limits: ContentLimits,
    private readonly moderation: TextModeration,
    private readonly mentions: Mentions,
    private readonly sender: MessageSender,
    private readonly rates: SendRates,
  ) {}

  /**
   * Answers when the message is stored for good. The same `client_message_id` again answers the first message.
   * @param areHeld whether the files are held for this message already: then the sender need not own them any more
   * @throws CaasError `conversation_not_found` (404), `blocked`, `moderator_required`, `message_blocked` (403),
   *   `empty_message`, `attachments_required`, `invalid_file`, `text_too_long`, `metadata_too_large`, `invalid_poll`,
   *   `invalid_closes_at`, `unknown_reply`, `unknown_thread_root`, `unknown_mentions` (400), `idempotency_mismatch` (422),
   *   `rate_limited` (429)
   */
  async send(ctx: RequestContext, conversationId: ObjectId, body: NewMessage, areHeld = false): Promise<Sent> {
    this.rates.spend(ctx.tenantId);
    const key = sendKeyOf(ctx, conversationId, body.client_message_id, body);
    return this.sender.sendOnce(ctx, key, async () => {
      const { files, ...content } = await this.check(ctx, conversationId, body);
      return { ...content, files: files && { ...files, own: !areHeld } };
    });
  }

  /**
   * May the actor send this now? Answers what the message has.
   * @throws CaasError what `send` throws before anything is stored
   */
  async check(ctx: RequestContext, id: ObjectId, body: MessageBody): Promise<Checked> {
    const { visibleFrom } = await this.access.requireSender(ctx, id);
    const poll = pollOf(body, new Date());
    requireContent({ ...body, poll }, body.attachments?.length ?? 0);
    await this.limits.requireWithin(ctx, body);
    const { content, flagged } = await this.moderation.admit(ctx, { text: body.text ?? null, poll });
    return {
      ...content,
      ...(flagged ? { flagged } : {}),
      type: body.type ?? 'text',
      metadata: body.metadata ?? null,
      encrypted: body.encrypted ?? null,
      reply_to_id:
        body.reply_to_id === undefined ? null : await this.replyTarget(ctx, id, body.reply_to_id, visibleFrom),
      thread_root_id:
        body.thread_root_id === undefined ? null : await this.threadRoot(ctx, id, body.thread_root_id, visibleFrom),
      mentions: await this.mentions.resolve(ctx, id, body.mentions),
      files: body.attachments && { ids: fileIdsOf(body.attachments), own: true },
    };
  }

  /** @throws CaasError `message_not_found` (404), also for one in a conversation the actor is not in */
  get(ctx: RequestContext, id: ObjectId): Promise<Message> {
    return this.found.readable(ctx, id);
  }

  /**
   * A page by `seq`: newest first backward, oldest first forward. The cursor is the id of a message of this conversation.
   * @throws CaasError `conversation_not_found`, `message_not_found` (404, for a thread that is none), `invalid_cursor` (400)
   */
  async page(
    ctx: RequestContext,
    conversationId: ObjectId,
    request: PageRequest,
    selector: MessageSelector = {},
    selection: MessageSelection = {},
  ): Promise<Page<Message>> {
    const { visibleFrom } = await this.access.readable(ctx, conversationId);
    const among = await this.filterOf(ctx, conversationId, selection, visibleFrom);
    if (selector.around_seq !== undefined) return this.around(ctx, among, request, selector.around_seq);
    const backward = request.direction === 'backward';
    const bound = request.cursor === null ? boundOf(selector) : await this.cursorBound(ctx, conversationId, request);
    const rows = await ctx.repository(messages).find(bound === null ? among : { ...among, seq: bound }, {
      sort: { seq: backward ? -1 : 1 },
      limit: request.limit + 1,
      withDeleted: true,
    });
    return cutPage(rows, request, ({ _id }) => _id.toHexString());
  }

  /** Half of the page before, half from `seq` on; the cursor goes on in the page's direction. */
  private async around(
    ctx: RequestContext,
    among: Filter<Message>,
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
      { ...among, seq: near },
      { sort: { seq: backward ? 1 : -1 }, limit: backward ? request.limit - older : older, withDeleted: true },
    );
    const rest = await repository.find(
      { ...among, seq: far },
      { sort: { seq: backward ? -1 : 1 }, limit: request.limit - first.length + 1, withDeleted: true },
    );
    return cutPage([...first.reverse(), ...rest], request, ({ _id }) => _id.toHexString());
  }

  private async filterOf(
    ctx: RequestContext,
    conversation_id: ObjectId,
    { thread_root_id, pinned }: MessageSelection,
    visibleFrom: number,
  ): Promise<Filter<Message>> {
    const conditions: Filter<Message>[] = pinned ? [IS_PINNED] : [];
    if (visibleFrom > 1) conditions.push({ seq: { $gte: visibleFrom } });
    if (thread_root_id) {
      const root = { _id: thread_root_id, conversation_id, seq: { $gte: visibleFrom } };
      const found = await ctx.repository(messages).findOne(root, { withDeleted: true, fields: ['_id'] });
      if (!found) throw notFound('message');
      conditions.push({ thread_root_id }, IN_A_THREAD);
    }
    return conditions.length === 0 ? { conversation_id } : { conversation_id, $and: conditions };
  }

  private async cursorBound(ctx: RequestContext, conversationId: ObjectId, { cursor, direction }: PageRequest) {
    const at = { _id: new ObjectId(cursor!), conversation_id: conversationId };
    const last = await ctx.repository(messages).findOne(at, { withDeleted: true, fields: ['seq'] });
    if (!last) throw invalid('invalid_cursor', 'The cursor is not one that a page of this conversation handed out.');
    return direction === 'backward' ? { $lt: last.seq } : { $gt: last.seq };
  }

  private async replyTarget(
    ctx: RequestContext,
    conversation_id: ObjectId,
    replyToId: string,
    visibleFrom: number,
  ): Promise<ObjectId> {
    const _id = parseObjectId(replyToId, 'reply_to_id');
    const target = await ctx
      .repository(messages)
      .findOne({ _id, conversation_id, seq: { $gte: visibleFrom } } as Filter<Message>, { fields: ['_id'] });
    if (target) return _id;
    throw invalid('unknown_reply', 'There is no such message in this conversation.', [
      { field: 'reply_to_id', message: 'must be a message of this conversation' },
    ]);
  }

  private async threadRoot(
    ctx: RequestContext,
    conversation_id: ObjectId,
    rootId: string,
    visibleFrom: number,
  ): Promise<ObjectId> {
    const _id = parseObjectId(rootId, 'thread_root_id');
    const root = await ctx
      .repository(messages)
      .findOne({ _id, conversation_id, thread_root_id: null, seq: { $gte: visibleFrom } } as Filter<Message>, {
        fields: ['_id'],
      });
    if (root) return _id;
    throw invalid('unknown_thread_root', 'There is no such message in this conversation that can have a thread.', [
      { field: 'thread_root_id', message: 'must be a message of this conversation that is not in a thread itself' },
    ]);
  }
}

function boundOf({ after_seq, before_seq }: MessageSelector): Record<string, number> | null {
  if (after_seq !== undefined) return { $gt: after_seq };
  if (before_seq !== undefined) return { $lt: before_seq };
  return null;
}
