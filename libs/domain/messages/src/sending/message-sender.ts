import { Injectable } from '@nestjs/common';
import type { ObjectId } from 'bson';
import { CaasError, type RequestContext } from '#caas/kernel';
import { MessageQuota } from '#caas/domain/usage';
import { Realtime } from '#caas/platform/realtime';
import { MessageAttachments, type FilesToAttach } from '../attachments/message-attachments';
import { ConversationAccess } from '#caas/domain/conversations';
import { prepareMessage, type Draft, type SendIdentity } from './draft';
import { requestHash } from '../message/request-hash';
import { SearchDirtySet } from '../search-index/search-dirty-set';
import { MessageBatcher, type Sent } from './message-batcher';
import { viewOfMessage } from '../message/views';
import { MessageChanges } from '../message/message-changes';
import { SendMetrics } from './send-metrics';

/** What a refusal is about that may have come after the message was stored. */
const ABOUT_NOW = new Set([
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

/** What a message that may be sent has. */
export interface Checked extends Partial<Draft> {
  files?: FilesToAttach | undefined;
}

/** The one way in which new messages get into a conversation: each once, however often it is asked for. */
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
   * @param check answers what the message has, or throws why it must not be sent now
   * @throws CaasError what `check` throws, `invalid_file` (400), `quota_exceeded` (402), and `idempotency_mismatch` (422)
   */
  async sendOnce(ctx: RequestContext, key: SendIdentity, check: () => Promise<Checked>): Promise<Sent> {
    const startedAtMs = performance.now();
    try {
      const sent = await this.sendOrFind(ctx, key, check);
      this.metrics.ended(sent.replayed ? 'replayed' : 'stored', startedAtMs);
      return sent;
    } catch (error) {
      this.metrics.ended(error instanceof CaasError ? 'refused' : 'failed', startedAtMs);
      throw error;
    }
  }

  private async sendOrFind(ctx: RequestContext, key: SendIdentity, check: () => Promise<Checked>): Promise<Sent> {
    try {
      const { files, ...content } = await check();
      const isNearQuota = await this.quota.requireRoom(ctx);
      const sent = await this.submit(ctx, prepareMessage({ ...key, ...content }), files, isNearQuota);
      if (!sent.replayed) this.announce(ctx, sent);
      return sent;
    } catch (error) {
      if (!isAboutNow(error)) throw error;
      await this.access.readable(ctx, key.conversation_id);
      // Stored is stored: whoever asks again hears so, whatever has been forbidden or removed since.
      const sent = await this.batcher.find(ctx, key);
      if (sent) return sent;
      throw error;
    }
  }

  private submit(
    ctx: RequestContext,
    draft: Draft,
    files: FilesToAttach | undefined,
    isNearQuota: boolean,
  ): Promise<Sent> {
    // Near the quota, and where something else changes with it, a message is stored in a transaction.
    const isPlain = !draft.thread_root_id && !draft.flagged && !isNearQuota;
    if (!files) return this.batcher.submit(ctx, draft, isPlain);
    return this.attachments.holding(
      ctx,
      draft,
      files,
      (attachments) => this.batcher.submit(ctx, { ...draft, attachments }, isPlain),
      ({ message }) => message._id.equals(draft._id),
    );
  }

  private announce(ctx: RequestContext, { message, root }: Sent): void {
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

/** @param body what the client sent: sameness of a repetition is that of its body */
export function sendKeyOf(
  { user }: RequestContext,
  conversation_id: ObjectId,
  client_message_id: string,
  body: object,
): SendIdentity {
  return { conversation_id, sender: user, client_message_id, request_hash: requestHash(body) };
}

const isAboutNow = (error: unknown): boolean =>
  error instanceof CaasError && (error.kind === 'forbidden' || error.kind === 'conflict' || ABOUT_NOW.has(error.code));
