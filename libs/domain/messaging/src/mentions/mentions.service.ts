import { Injectable } from '@nestjs/common';
import type { Page, PageRequest, RequestContext } from '#caas/kernel';
import { ConversationAccess } from '../conversations/conversation-access';
import { ownConversationIds } from '../conversations/own-conversations';
import { HAS_MENTIONS, messages, type Message } from '../persistence/message.schema';

/** Where somebody was called by name. */
@Injectable()
export class MentionsService {
  constructor(private readonly access: ConversationAccess) {}

  /**
   * Messages that mention the actor, in the conversations they are in, newest first backward; the cursor is a message's id. A
   * page may be short of what the actor may not read.
   */
  async page(ctx: RequestContext, request: PageRequest): Promise<Page<Message>> {
    const among = { $in: await ownConversationIds(ctx) };
    const named = { $and: [{ 'mentions.user_id': ctx.user.user_id }, HAS_MENTIONS], conversation_id: among };
    const { data, page } = await ctx.repository(messages).page(named, request);
    return { data: await this.access.readableAmong(ctx, data), page };
  }
}
