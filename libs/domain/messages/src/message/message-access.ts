import { Injectable } from '@nestjs/common';
import type { ObjectId } from 'bson';
import { CaasError, notFound, type RequestContext } from '#caas/kernel';
import { MessageReader } from '../cold-reads/message-reader';
import { ConversationAccess } from '#caas/domain/conversations';
import type { ConversationMembership } from '#caas/domain/conversations';
import { visibleFrom } from '#caas/domain/conversations';
import type { Message } from '../store/message.schema';

/** Finds messages by id for members of their conversation. For everybody else the message does not exist. */
@Injectable()
export class MessageAccess {
  constructor(
    private readonly access: ConversationAccess,
    private readonly reader: MessageReader,
  ) {}

  /** Finds deleted messages too. @throws CaasError `message_not_found` (404) */
  async readable(ctx: RequestContext, id: ObjectId): Promise<Message> {
    const message = await this.find(ctx, id);
    requireVisible(message, (await this.access.readable(ctx, message.conversation_id).catch(asNoMessage)).visibleFrom);
    return message;
  }

  /** For a change that other members see. @throws CaasError `message_not_found` (404), `blocked` (403) */
  async writable(ctx: RequestContext, id: ObjectId): Promise<Message> {
    const message = await this.find(ctx, id);
    const facts = await this.access.readable(ctx, message.conversation_id).catch(asNoMessage);
    requireVisible(message, facts.visibleFrom);
    await this.access.requireUnblocked(ctx, facts);
    return message;
  }

  /** The message with the actor's current membership in its conversation. @throws CaasError `message_not_found` (404) */
  async withEntry(ctx: RequestContext, id: ObjectId): Promise<ConversationMembership & { message: Message }> {
    const message = await this.find(ctx, id);
    const entry = await this.access.requireMember(ctx, message.conversation_id).catch(asNoMessage);
    requireVisible(message, visibleFrom(entry.member, entry.conversation));
    return { message, ...entry };
  }

  private async find(ctx: RequestContext, id: ObjectId): Promise<Message> {
    const message = await this.reader.find(ctx, id);
    if (!message) throw notFound('message');
    return message;
  }
}

function requireVisible({ seq }: Message, from: number): void {
  if (seq < from) throw notFound('message');
}

function asNoMessage(error: unknown): never {
  throw error instanceof CaasError && error.kind === 'not_found' ? notFound('message') : error;
}
