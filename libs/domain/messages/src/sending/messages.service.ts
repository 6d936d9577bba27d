import { Injectable } from '@nestjs/common';
import { ObjectId } from 'bson';
import {
  cutPage,
  invalid,
  notFound,
  parseObjectId,
  textOrNone,
  type Direction,
  type Page,
  type PageRequest,
  type RequestContext,
} from '#caas/kernel';
import type { SeqSpan } from '../cold-reads/message-archive';
import { MessageReader } from '../cold-reads/message-reader';
import { MessagePolicy } from '../message/message-policy';
import { ConversationAccess } from '#caas/domain/conversations';
import { preparedContent, textsOf, withTexts } from '../kinds/message-kinds';
import type { Message } from '../store/message.schema';
import type { SendResult } from './message-batcher';
import { Mentions } from '../message/mentions';
import { fileIdsOf, requireContent } from '../message/content';
import { MessageAccess } from '../message/message-access';
import { ContentLimits } from '../message/content-limits';
import type { SendIdentity } from './prepared-message';
import type { SendMessageDto } from './messages.dto';
import { MessageSender, sendIdentityOf, type ValidatedMessage } from './message-sender';
import { PagePositionReader, withNumbers, type MessagePage } from './page-numbers';

/** The body of a send, over REST and sockets alike. */
export type NewMessage = SendMessageDto;

/** The content of a message, whether it is sent now or later. A blank text counts as no text. */
export type MessageBody = Omit<NewMessage, 'client_message_id'>;

/** Where a page of messages begins, besides a cursor. At most one is given. */
export interface MessageSelector {
  after_seq?: number;
  before_seq?: number;
  around_seq?: number;
}

/** Filters the messages of a page; all of the conversation when neither is given. */
export interface MessageSelection {
  /** The replies of one thread, without its root. */
  thread_root_id?: ObjectId;
  pinned?: true;
}

/** Messages of the conversations that the actor is in. */
@Injectable()
export class MessagesService {
  constructor(
    private readonly access: ConversationAccess,
    private readonly found: MessageAccess,
    private readonly limits: ContentLimits,
    private readonly policy: MessagePolicy,
    private readonly mentions: Mentions,
    private readonly sender: MessageSender,
    private readonly reader: MessageReader,
    private readonly numbers: PagePositionReader,
  ) {}

  /**
   * Resolves when the message is stored durably. A repeated `client_message_id` returns the first message.
   * @param filesAlreadyClaimed whether the files are already held for this message: then the sender need not own them any more
   * @throws CaasError `conversation_not_found` (404), `blocked`, `moderator_required`, `message_blocked` (403), `empty_message`,
   *   `attachments_required`, `invalid_file`, `text_too_long`, `metadata_too_large`, `invalid_poll`, `duplicate`,
   *   `invalid_closes_at`, `unknown_reply`, `unknown_thread_root`, `unknown_mentions` (400), `idempotency_mismatch` (422)
   */
  async send(
    ctx: RequestContext,
    conversationId: ObjectId,
    body: NewMessage,
    filesAlreadyClaimed = false,
  ): Promise<SendResult> {
    const identity = sendIdentityOf(ctx, conversationId, body.client_message_id, body);
    return this.sender.answer(ctx, identity, this.attempt(ctx, identity, body, filesAlreadyClaimed));
  }

  /**
   * Checks whether the actor may send this now, and returns the checked content.
   * @throws CaasError what `send` throws before anything is stored
   */
  async check(ctx: RequestContext, id: ObjectId, body: MessageBody): Promise<ValidatedMessage> {
    const { visibleFrom } = await this.access.requireSender(ctx, id);
    const said = { text: textOrNone(body.text), ...preparedContent(body, new Date()) };
    requireContent({ ...body, ...said }, body.attachments?.length ?? 0);
    await this.limits.requireWithin(ctx, { ...body, text: said.text });
    const { texts, flagged } = await this.policy.admit(ctx, textsOf(said));
    return {
      ...withTexts(said, texts),
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
   * A page by `seq`: newest first backward, oldest first forward. The cursor is the id of a message of this conversation. The page
   * also has the conversation's numbers from before it was read.
   * @throws CaasError `conversation_not_found`, `message_not_found` (404, for a thread that is none), `invalid_cursor` (400)
   */
  async page(
    ctx: RequestContext,
    conversationId: ObjectId,
    request: PageRequest,
    selector: MessageSelector = {},
    selection: MessageSelection = {},
  ): Promise<MessagePage> {
    const { visibleFrom } = await this.access.readable(ctx, conversationId);
    const numbers = await this.numbers.read(ctx, conversationId, visibleFrom);
    if (selection.thread_root_id) {
      const root = await this.reader.find(ctx, selection.thread_root_id);
      if (!root || !isIn(root, conversationId, visibleFrom)) throw notFound('message');
    }
    const read = (span: Omit<SeqSpan, 'direction'>, direction = request.direction) =>
      this.read(ctx, conversationId, { ...span, from: Math.max(span.from, visibleFrom), direction }, selection);
    if (selector.around_seq !== undefined)
      return withNumbers(await around(request, selector.around_seq, read), numbers);
    const bounds = request.cursor === null ? boundsOf(selector) : await this.cursorBounds(ctx, conversationId, request);
    return withNumbers(cutPage(await read({ ...bounds, limit: request.limit + 1 }), request, idOf), numbers);
  }

  private async attempt(
    ctx: RequestContext,
    identity: SendIdentity,
    body: NewMessage,
    filesAlreadyClaimed: boolean,
  ): Promise<SendResult> {
    const { files, ...content } = await this.check(ctx, identity.conversation_id, body);
    return this.sender.send(ctx, identity, { ...content, files: files && { ...files, own: !filesAlreadyClaimed } });
  }

  private read(ctx: RequestContext, id: ObjectId, span: SeqSpan, { pinned, thread_root_id }: MessageSelection) {
    if (span.from > span.to || span.limit === 0) return Promise.resolve([]);
    if (!pinned) return this.reader.span(ctx, id, span, thread_root_id);
    return this.reader.pinned(ctx, id, span, thread_root_id);
  }

  private async cursorBounds(ctx: RequestContext, conversationId: ObjectId, { cursor, direction }: PageRequest) {
    const last = await this.reader.find(ctx, new ObjectId(cursor!));
    if (!last?.conversation_id.equals(conversationId)) {
      throw invalid('invalid_cursor', 'The cursor is not one that a page of this conversation handed out.');
    }
    return boundsOf(direction === 'backward' ? { before_seq: last.seq } : { after_seq: last.seq });
  }

  private async replyTarget(
    ctx: RequestContext,
    conversationId: ObjectId,
    replyToId: string,
    visibleFrom: number,
  ): Promise<ObjectId> {
    const _id = parseObjectId(replyToId, 'reply_to_id');
    const target = await this.reader.find(ctx, _id);
    if (target && isIn(target, conversationId, visibleFrom) && !target.deleted_at) return _id;
    throw invalid('unknown_reply', 'There is no such message in this conversation.', [
      { field: 'reply_to_id', message: 'must be a message of this conversation' },
    ]);
  }

  private async threadRoot(
    ctx: RequestContext,
    conversationId: ObjectId,
    rootId: string,
    visibleFrom: number,
  ): Promise<ObjectId> {
    const _id = parseObjectId(rootId, 'thread_root_id');
    const root = await this.reader.find(ctx, _id);
    if (root && isIn(root, conversationId, visibleFrom) && !root.deleted_at && !root.thread_root_id) return _id;
    throw invalid('unknown_thread_root', 'There is no such message in this conversation that can have a thread.', [
      { field: 'thread_root_id', message: 'must be a message of this conversation that is not in a thread itself' },
    ]);
  }
}

const idOf = ({ _id }: Message): string => _id.toHexString();

const isIn = ({ conversation_id, seq }: Message, conversationId: ObjectId, visibleFrom: number): boolean =>
  conversation_id.equals(conversationId) && seq >= visibleFrom;

/** Both ends are inclusive. */
function boundsOf({ after_seq, before_seq }: MessageSelector): { from: number; to: number } {
  return {
    from: after_seq === undefined ? 1 : after_seq + 1,
    to: before_seq === undefined ? Infinity : before_seq - 1,
  };
}

/** Half of the page before `seq`, half from `seq` on. The cursor continues in the page's direction. */
async function around(
  request: PageRequest,
  seq: number,
  read: (span: Omit<SeqSpan, 'direction'>, direction?: Direction) => Promise<Message[]>,
): Promise<Page<Message>> {
  const backward = request.direction === 'backward';
  const older = Math.floor(request.limit / 2);
  const behind = boundsOf({ before_seq: seq });
  const ahead = boundsOf({ after_seq: seq - 1 });
  const [near, far] = backward ? [ahead, behind] : [behind, ahead];
  const limit = backward ? request.limit - older : older;
  const first = await read({ ...near, limit }, backward ? 'forward' : 'backward');
  const rest = await read({ ...far, limit: request.limit - first.length + 1 });
  return cutPage([...first.reverse(), ...rest], request, idOf);
}
