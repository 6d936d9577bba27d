import { Injectable } from '@nestjs/common';
import { parseObjectId, type RequestContext } from '#caas/kernel';
import { RateLimited } from '#caas/platform/limits';
import { SocketMessage } from '#caas/platform/realtime';
import { SendMessageOverSocketDto, SyncDto } from '../http/dto/messaging.dto';
import { MessageViews } from '../messages/message-views';
import { MessagesService } from '../messages/messages.service';
import { SyncService } from '../sync/sync.service';

const SYNC_LIMIT = 100;

/** The same verbs as over REST, by the same services. */
@Injectable()
export class MessagingSocket {
  constructor(
    private readonly messages: MessagesService,
    private readonly views: MessageViews,
    private readonly syncs: SyncService,
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

  @RateLimited('read', 5)
  @SocketMessage('sync', SyncDto)
  sync(ctx: RequestContext, { limit, ...known }: SyncDto) {
    return this.syncs.sync(ctx, { ...known, limit: limit ?? SYNC_LIMIT });
  }
}
