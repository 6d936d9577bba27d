import { Injectable } from '@nestjs/common';
import { cutPage, type Page, type PageRequest, type RequestContext } from '#caas/kernel';
import { MessageReader } from '#caas/domain/messages';
import { Blocks } from '#caas/domain/users';
import { ConversationAccess } from '#caas/domain/conversations';
import { ownConversationIds } from '#caas/domain/conversations';
import type { Message } from '#caas/domain/messages';

/** Lists the messages that mention a user. */
@Injectable()
export class MentionsService {
  constructor(
    private readonly access: ConversationAccess,
    private readonly reader: MessageReader,
    private readonly blocks: Blocks,
  ) {}

  /**
   * Messages that mention the actor, in conversations that they are a member of, newest first when paged backward. The cursor is a
   * message's id. A page may be short, because messages that the actor may not read and mentions across a block are left out.
   */
  async page(ctx: RequestContext, request: PageRequest): Promise<Page<Message>> {
    const found = await this.reader.mentioning(ctx, ctx.user.user_id, await ownConversationIds(ctx), request);
    const { data, page } = cutPage(found, request, ({ _id }) => _id.toHexString());
    const apart = await this.blocks.allOf(ctx, ctx.user.user_id);
    const readable = await this.access.readableAmong(ctx, data);
    return { data: readable.filter(({ sender }) => !apart.has(sender.user_id.toHexString())), page };
  }
}
