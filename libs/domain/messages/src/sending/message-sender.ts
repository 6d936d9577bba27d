import { Injectable } from '@nestjs/common';
import type { ObjectId } from 'bson';
import { CaasError, type RequestContext } from '#caas/kernel';
import { MessageQuota } from '#caas/domain/usage';
import { Realtime } from '#caas/platform/realtime';
import { MessageAttachments, type FilesToAttach } from '../attachments/message-attachments';
import { ConversationAccess } from '#caas/domain/conversations';
import { prepareMessage, type PreparedMessage, type SendIdentity } from './prepared-message';
import { requestHash } from '../message/request-hash';
import { SearchDirtySet } from '../search-index/search-dirty-set';
import { MessageBatcher, type SendResult } from './message-batcher';
import { viewOfMessage } from '../message/views';
import { MessageChanges } from '../message/message-changes';
import { SendMetrics } from './send-metrics';

/** A repeated send may be refused with one of these codes although its message was stored the first time. */
const REPLAYABLE_CODES = new Set([
  'unknown_reply',
  'unknown_thread_root',
  'unknown_mentions',
  'message_not_found',
  'invalid_closes_at',
  'invalid_file',
  'text_too_long',
  'metadata_too_large',
  'quota_exceeded',
]);

/** The content of a message that passed the checks. */
export interface ValidatedMessage extends Partial<PreparedMessage> {
  files?: FilesToAttach | undefined;
}

/** The only way in which new messages enter a conversation. However often a send is repeated, its message is stored once. */
@Injectable()
export class MessageSender {
  constructor(
    private readonly access: ConversationAccess,
    private readonly batcher: MessageBatcher,
    private readonly attachments: MessageAttachments,
    private readonly changes: MessageChanges,
    private readonly realtime: Realtime,
    private readonly search: SearchDirtySet,
    private readonly quota: MessageQuota,
    private readonly metrics: SendMetrics,
  ) {}

  /**
   * Stores a checked message and publishes it to those who may read it.
   * @throws CaasError `invalid_file` (400), `quota_exceeded` (402), `idempotency_mismatch` (422)
   */
  async send(
    ctx: RequestContext,
    identity: SendIdentity,
    { files, ...content }: ValidatedMessage,
  ): Promise<SendResult> {
    const isNearQuota = await this.quota.requireRoom(ctx);
    const message = prepareMessage({ ...identity, ...content });
    // A message is stored in a transaction when the quota is near, or when something else changes with it.
    const isPlain = !message.thread_root_id && !message.flagged && !isNearQuota;
    const sent = files
      ? await this.storeWithFiles(ctx, message, files, isPlain)
      : await this.batcher.submit(ctx, message, isPlain);
    if (!sent.replayed) this.publish(ctx, sent);
    return sent;
  }

  /**
   * The answer to a send. A repeated send may be refused after its message was stored. Then that message is the answer: a stored
   * message stays sent, whatever was forbidden or removed since.
   * @param sending the checks and the send
   * @throws CaasError what `sending` rejects with
   */
  async answer(ctx: RequestContext, identity: SendIdentity, sending: Promise<SendResult>): Promise<SendResult> {
    const startedAtMs = performance.now();
    try {
      const sent = await sending.catch((error: unknown) => this.earlierSend(ctx, identity, error));
      this.metrics.ended(sent.replayed ? 'replayed' : 'stored', startedAtMs);
      return sent;
    } catch (error) {
      this.metrics.ended(error instanceof CaasError ? 'refused' : 'failed', startedAtMs);
      throw error;
    }
  }

  /** @throws `refusal` when no message with this name was sent before */
  private async earlierSend(ctx: RequestContext, identity: SendIdentity, refusal: unknown): Promise<SendResult> {
    if (!isReplayable(refusal)) throw refusal;
    await this.access.readable(ctx, identity.conversation_id);
    const sent = await this.batcher.find(ctx, identity);
    if (!sent) throw refusal;
    return sent;
  }

  /** Claims the files first, in a transaction of its own. Releases them if the message is not stored. */
  private async storeWithFiles(
    ctx: RequestContext,
    message: PreparedMessage,
    files: FilesToAttach,
    isPlain: boolean,
  ): Promise<SendResult> {
    const attachments = await this.attachments.claimNow(ctx, message, files);
    try {
      const sent = await this.batcher.submit(ctx, { ...message, attachments }, isPlain);
      if (!sent.message._id.equals(message._id)) await this.attachments.giveUp(ctx, message);
      return sent;
    } catch (error) {
      // A refusal means that nothing was stored. After any other error the message may be stored, and then it needs its files.
      if (error instanceof CaasError) await this.attachments.giveUp(ctx, message);
      throw error;
    }
  }

  private publish(ctx: RequestContext, { message, root }: SendResult): void {
    const conversationId = message.conversation_id.toHexString();
    const { seq, created_rev: afterRev } = message;
    this.realtime.publish(
      ctx,
      { conversationId },
      { type: 'message.created', conversationId, seq, afterRev, data: viewOfMessage(message) },
    );
    this.search.mark(ctx, message.conversation_id);
    if (root) this.changes.tell(ctx, root);
  }
}

/** @param body what the client sent: a repeated send has the same body */
export function sendIdentityOf(
  { user }: RequestContext,
  conversation_id: ObjectId,
  client_message_id: string,
  body: object,
): SendIdentity {
  return { conversation_id, sender: user, client_message_id, request_hash: requestHash(body) };
}

const isReplayable = (error: unknown): boolean =>
  error instanceof CaasError &&
  (error.kind === 'forbidden' || error.kind === 'conflict' || REPLAYABLE_CODES.has(error.code));
