import { Injectable } from '@nestjs/common';
import { parseObjectId, type RequestContext } from '#caas/kernel';
import { SocketMessage } from '#caas/platform/realtime';
import { TypingDto } from './typing.dto';
import { TypingService } from './typing.service';

@Injectable()
export class TypingSocket {
  constructor(private readonly typing: TypingService) {}

  @SocketMessage('typing.start', TypingDto)
  start(ctx: RequestContext, { conversation_id }: TypingDto, socketId: string) {
    return this.typing.start(ctx, parseObjectId(conversation_id, 'conversation_id'), socketId);
  }

  @SocketMessage('typing.stop', TypingDto)
  stop(ctx: RequestContext, { conversation_id }: TypingDto, socketId: string) {
    return this.typing.stop(ctx, parseObjectId(conversation_id, 'conversation_id'), socketId);
  }
}
