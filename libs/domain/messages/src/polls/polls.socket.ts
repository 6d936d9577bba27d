import { Injectable } from '@nestjs/common';
import { parseObjectId, type RequestContext } from '#caas/kernel';
import { SocketMessage } from '#caas/platform/realtime';
import { MessageViews } from '../message/message-views';
import { VoteOverSocketDto } from './polls.dto';
import { PollsService } from './polls.service';

@Injectable()
export class PollsSocket {
  constructor(
    private readonly polls: PollsService,
    private readonly views: MessageViews,
  ) {}

  /** Acknowledged with the message after the vote. */
  @SocketMessage('poll.vote', VoteOverSocketDto)
  async vote(ctx: RequestContext, { message_id, option_ids }: VoteOverSocketDto) {
    return this.views.one(ctx, await this.polls.vote(ctx, parseObjectId(message_id, 'message_id'), option_ids));
  }
}
