import { Injectable } from '@nestjs/common';
import { parseObjectId, type RequestContext } from '#caas/kernel';
import { SocketMessage } from '#caas/platform/realtime';
import { MarkOverSocketDto } from './receipts.dto';
import { ReceiptsService } from './receipts.service';

@Injectable()
export class ReceiptsSocket {
  constructor(private readonly receipts: ReceiptsService) {}

  @SocketMessage('conversation.read', MarkOverSocketDto)
  read(ctx: RequestContext, { conversation_id, seq }: MarkOverSocketDto) {
    return this.receipts.mark(ctx, parseObjectId(conversation_id, 'conversation_id'), 'read', seq);
  }

  @SocketMessage('conversation.delivered', MarkOverSocketDto)
  delivered(ctx: RequestContext, { conversation_id, seq }: MarkOverSocketDto) {
    return this.receipts.mark(ctx, parseObjectId(conversation_id, 'conversation_id'), 'delivered', seq);
  }
}
