import { Injectable } from '@nestjs/common';
import type { ObjectId } from 'bson';
import { CaasError, notFound, type RequestContext } from '#caas/kernel';
import { ConversationAccess } from '../conversations/conversation-access';
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

  /** With the actor's role in its conversation, as it is now. @throws CaasError `message_not_found` (404) */
  async withRole(ctx: RequestContext, id: ObjectId): Promise<{ message: Message; role: string; isDirect: boolean }> {
    const message = await this.find(ctx, id);
    const { conversation, member } = await this.access.requireMember(ctx, message.conversation_id).catch(asNoMessage);
    return { message, role: member.role, isDirect: conversation.type === 'direct' };
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
