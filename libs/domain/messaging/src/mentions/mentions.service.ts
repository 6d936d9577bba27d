import { Injectable } from '@nestjs/common';
import { ObjectId } from 'bson';
import type { Page, PageRequest, RequestContext } from '#caas/kernel';
import { ConversationsService } from '../conversations/conversations.service';
import { HAS_MENTIONS, messages, type Message } from '../persistence/message.schema';

/** Where somebody was called by name. */
@Injectable()
export class MentionsService {
  constructor(private readonly conversations: ConversationsService) {}

  /** Messages that mention the actor, in the conversations they are in, newest first backward; the cursor is a message's id. */
  async page(ctx: RequestContext, request: PageRequest): Promise<Page<Message>> {
    const own = await this.conversations.idsOf(ctx);
    const among = { $in: own.map((id) => new ObjectId(id)) };
    const named = { $and: [{ 'mentions.user_id': ctx.user.user_id }, HAS_MENTIONS], conversation_id: among };
    return ctx.repository(messages).page(named, request);
  }
}
