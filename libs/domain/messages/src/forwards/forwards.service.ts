import { Injectable } from '@nestjs/common';
import type { ObjectId } from 'bson';
import { conflict, parseObjectId, type RequestContext } from '#caas/kernel';
import { ConversationAccess } from '#caas/domain/conversations';
import type { SendResult } from '../sending/message-batcher';
import { MessagePolicy } from '../message/message-policy';
import { textsOf, withTexts } from '../kinds/message-kinds';
import { fileIdsOf } from '../message/content';
import { MessageAccess } from '../message/message-access';
import { requirePresent } from '../message/message-rights';
import type { SendIdentity } from '../sending/prepared-message';
import { MessageSender, sendIdentityOf } from '../sending/message-sender';

export interface Forwarding {
  conversation_id: string;
  client_message_id: string;
}

/** Forwards messages from one conversation to another. */
@Injectable()
export class ForwardsService {
  constructor(
    private readonly access: ConversationAccess,
    private readonly messages: MessageAccess,
    private readonly policy: MessagePolicy,
    private readonly sender: MessageSender,
  ) {}

  /**
   * Sends the text of a message, with its attachments and metadata, to another conversation or the same one. A message that was
   * forwarded before still names its first author. The new message claims the files too; the actor need not own them.
   * @throws CaasError `message_not_found`, `conversation_not_found` (404), `blocked`, `message_blocked` (403), `invalid_file`
   *   (400), `message_deleted`, `encrypted_message`, `not_forwardable` (409), `idempotency_mismatch` (422)
   */
  async forward(
    ctx: RequestContext,
    id: ObjectId,
    { conversation_id, client_message_id }: Forwarding,
  ): Promise<SendResult> {
    const target = parseObjectId(conversation_id, 'conversation_id');
    const identity = sendIdentityOf(ctx, target, client_message_id, { client_message_id, forward: id.toHexString() });
    return this.sender.answer(ctx, identity, this.attempt(ctx, identity, id));
  }

  private async attempt(ctx: RequestContext, identity: SendIdentity, id: ObjectId): Promise<SendResult> {
    const source = await this.messages.readable(ctx, id);
    await this.access.requireSender(ctx, identity.conversation_id);
    requirePresent(source);
    if (source.encrypted) throw conflict('encrypted_message', 'Only its readers can pass on an encrypted message.');
    if (source.type !== 'text' && source.type !== 'media') {
      throw conflict('not_forwardable', `Messages of the type "${source.type}" cannot be forwarded.`);
    }
    const { _id, sender, type, text, attachments, metadata } = source;
    const origin = { message_id: _id, conversation_id: source.conversation_id, sender };
    const files = attachments.length === 0 ? undefined : { ids: fileIdsOf(attachments), own: false };
    const { texts, flagged } = await this.policy.admit(ctx, textsOf({ text }));
    return this.sender.send(ctx, identity, {
      ...withTexts({ text }, texts),
      ...(flagged ? { flagged } : {}),
      type,
      metadata,
      forwarded_from: source.forwarded_from ?? origin,
      files,
    });
  }
}
