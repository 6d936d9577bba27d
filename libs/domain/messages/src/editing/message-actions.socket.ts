import { Injectable } from '@nestjs/common';
import { parseObjectId, Preconditions, type RequestContext } from '#caas/kernel';
import { SocketMessage } from '#caas/platform/realtime';
import { EditMessageOverSocketDto, MessageOverSocketDto, ReactionOverSocketDto } from './message-actions.dto';
import { MessageDeletionsService } from './message-deletions.service';
import { MessageEditsService } from './message-edits.service';
import { MessageViews } from '../message/message-views';
import { ReactionsService } from '../reactions/reactions.service';

/** What users do with an existing message. Each action is acknowledged with the changed message. */
@Injectable()
export class MessageActionsSocket {
  constructor(
    private readonly edits: MessageEditsService,
    private readonly deletions: MessageDeletionsService,
    private readonly reactions: ReactionsService,
    private readonly views: MessageViews,
  ) {}

  @SocketMessage('message.edit', EditMessageOverSocketDto)
  async edit(ctx: RequestContext, { message_id, ...body }: EditMessageOverSocketDto) {
    return this.views.one(ctx, await this.edits.edit(ctx, idOf(message_id), body, Preconditions.NONE));
  }

  @SocketMessage('message.delete', MessageOverSocketDto)
  async delete(ctx: RequestContext, { message_id }: MessageOverSocketDto) {
    return this.views.one(ctx, await this.deletions.delete(ctx, idOf(message_id), Preconditions.NONE));
  }

  @SocketMessage('reaction.add', ReactionOverSocketDto)
  async addReaction(ctx: RequestContext, { message_id, emoji }: ReactionOverSocketDto) {
    const { message } = await this.reactions.add(ctx, idOf(message_id), emoji, Preconditions.NONE);
    return this.views.one(ctx, message);
  }

  @SocketMessage('reaction.remove', ReactionOverSocketDto)
  async removeReaction(ctx: RequestContext, { message_id, emoji }: ReactionOverSocketDto) {
    return this.views.one(ctx, await this.reactions.remove(ctx, idOf(message_id), emoji));
  }
}

const idOf = (message_id: string) => parseObjectId(message_id, 'message_id');
