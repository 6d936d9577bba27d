import { Injectable } from '@nestjs/common';
import type { ObjectId } from 'bson';
import { forbidden, type Preconditions, type RequestContext } from '#caas/kernel';
import { isModerator } from '#caas/domain/conversations';
import { ConversationAccess } from '#caas/domain/conversations';
import type { Entry } from '#caas/domain/conversations';
import { editionOf, type Message } from '../store/message.schema';
import { MessageAccess } from '../message/message-access';
import { MessageChanges } from '../message/message-changes';
import { requirePresent } from '../message/message-rights';

/**
 * What stays at hand for everybody, archived or not: in direct conversations both may pin, elsewhere moderators and above. A pin
 * is a part of its message, whose version conditions speak of.
 */
@Injectable()
export class PinsService {
  constructor(
    private readonly access: MessageAccess,
    private readonly conversations: ConversationAccess,
    private readonly changes: MessageChanges,
  ) {}

  /**
   * @throws CaasError `message_not_found` (404), `moderator_required`, `blocked` (403), `message_deleted` (409), `stale_version`
   *   (412)
   */
  async pin(ctx: RequestContext, id: ObjectId, preconditions: Preconditions): Promise<Message> {
    const { message: found, conversation } = await this.pinnable(ctx, id);
    await this.conversations.requireUnblocked(ctx, conversation);
    return this.changes.applyPin(ctx, found, (message) => {
      requirePresent(message);
      preconditions.require(editionOf(message));
      return message.pinned_at ? undefined : new Date();
    });
  }

  /** @throws CaasError `message_not_found` (404), `moderator_required` (403), `stale_version` (412) */
  async unpin(ctx: RequestContext, id: ObjectId, preconditions: Preconditions): Promise<void> {
    const { message: found } = await this.pinnable(ctx, id);
    await this.changes.applyPin(ctx, found, (message) => {
      preconditions.require(editionOf(message));
      return message.pinned_at ? null : undefined;
    });
  }

  private async pinnable(ctx: RequestContext, id: ObjectId): Promise<Entry & { message: Message }> {
    const found = await this.access.withEntry(ctx, id);
    if (found.conversation.type === 'direct' || isModerator(found.member.role)) return found;
    throw forbidden('moderator_required', 'In a group only moderators, admins and owners pin messages.');
  }
}
