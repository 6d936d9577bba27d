import { Injectable } from '@nestjs/common';
import { parseObjectId, type RequestContext } from '#caas/kernel';
import { RateLimited } from '#caas/platform/limits';
import { SocketMessage } from '#caas/platform/realtime';
import { SendMessageOverSocketDto } from './messages.dto';
import { MessageViews } from '../message/message-views';
import { MessagesService } from './messages.service';

/** The same operations as over REST, with the same services. */
@Injectable()
export class MessagesSocket {
  constructor(
    private readonly messages: MessagesService,
    private readonly views: MessageViews,
  ) {}

  @RateLimited('send')
  @SocketMessage('message.send', SendMessageOverSocketDto)
  async send(ctx: RequestContext, { conversation_id, ...body }: SendMessageOverSocketDto) {
    const { message, replayed } = await this.messages.send(
      ctx,
      parseObjectId(conversation_id, 'conversation_id'),
      body,
    );
    return { ...(await this.views.one(ctx, message)), ...(replayed ? { replayed } : {}) };
  }
}
