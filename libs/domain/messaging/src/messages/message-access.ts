import { Injectable } from '@nestjs/common';
import type { ObjectId } from 'bson';
import { CaasError, notFound, type RequestContext } from '#caas/kernel';
import { ConversationAccess, type Entry } from '../conversations/conversation-access';
import { messages, type Message } from '../persistence/message.schema';

/** Messages by their id, for those who are in their conversation. For all others there is no such message. */
@Injectable()
export class MessageAccess {
  constructor(private readonly access: ConversationAccess) {}

  /** Also a deleted one. @throws CaasError `message_not_found` (404) */
  async readable(ctx: RequestContext, id: ObjectId): Promise<Message> {
    const message = await this.find(ctx, id);
    await this.access.readable(ctx, message.conversation_id).catch(asNoMessage);
    return message;
  }

  /** For a change that others hear of. @throws CaasError `message_not_found` (404), `blocked` (403) */
  async writable(ctx: RequestContext, id: ObjectId): Promise<Message> {
    const message = await this.find(ctx, id);
    const facts = await this.access.readable(ctx, message.conversation_id).catch(asNoMessage);
    await this.access.requireUnblocked(ctx, facts);
    return message;
  }

  /** With the actor as a member of its conversation, as they are now. @throws CaasError `message_not_found` (404) */
  async withEntry(ctx: RequestContext, id: ObjectId): Promise<Entry & { message: Message }> {
    const message = await this.find(ctx, id);
    return { message, ...(await this.access.requireMember(ctx, message.conversation_id).catch(asNoMessage)) };
  }

  private async find(ctx: RequestContext, id: ObjectId): Promise<Message> {
    const message = await ctx.repository(messages).findById(id, { withDeleted: true });
    if (!message) throw notFound('message');
    return message;
  }
}

function asNoMessage(error: unknown): never {
  throw error instanceof CaasError && error.kind === 'not_found' ? notFound('message') : error;
}
