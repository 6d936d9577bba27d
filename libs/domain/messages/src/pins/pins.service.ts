import { Injectable } from '@nestjs/common';
import type { ObjectId } from 'bson';
import { forbidden, type Preconditions, type RequestContext } from '#caas/kernel';
import {
  ConversationAccess,
  ConversationChanges,
  isModerator,
  Unchanged,
  type ConversationMembership,
} from '#caas/domain/conversations';
import { editionOf, type Message } from '../store/message.schema';
import { MessageAccess } from '../message/message-access';
import { MessageChanges } from '../message/message-changes';
import { requirePresent } from '../message/message-rights';

/**
 * Pins messages for all members, archived messages too. In direct conversations both members may pin, elsewhere moderators and
 * above. A pin is part of its message: preconditions refer to the version of the message.
 */
@Injectable()
export class PinsService {
  constructor(
    private readonly access: MessageAccess,
    private readonly conversations: ConversationAccess,
    private readonly conversationChanges: ConversationChanges,
    private readonly changes: MessageChanges,
  ) {}

  /**
   * @throws CaasError `message_not_found` (404), `moderator_required`, `blocked` (403), `message_deleted` (409), `stale_version`
   *   (412)
   */
  async pin(ctx: RequestContext, id: ObjectId, preconditions: Preconditions): Promise<Message> {
    const { message: found, conversation } = await this.pinnable(ctx, id);
    await this.conversations.requireUnblocked(ctx, conversation);
    const { value: message, rev } = await this.conversationChanges.apply(ctx, conversation._id, async (scope) => {
      const before = await this.changes.beginPin(scope, found);
      requirePresent(before);
      preconditions.require(editionOf(before));
      if (before.pinned_at) return new Unchanged(before);
      return this.changes.writePin(scope, before, new Date());
    });
    if (rev !== null) this.changes.tell(ctx, message);
    return message;
  }

  /** @throws CaasError `message_not_found` (404), `moderator_required` (403), `stale_version` (412) */
  async unpin(ctx: RequestContext, id: ObjectId, preconditions: Preconditions): Promise<void> {
    const { message: found, conversation } = await this.pinnable(ctx, id);
    const { value: message, rev } = await this.conversationChanges.apply(ctx, conversation._id, async (scope) => {
      const before = await this.changes.beginPin(scope, found);
      preconditions.require(editionOf(before));
      if (!before.pinned_at) return new Unchanged(before);
      return this.changes.writePin(scope, before, null);
    });
    if (rev !== null) this.changes.tell(ctx, message);
  }

  private async pinnable(ctx: RequestContext, id: ObjectId): Promise<ConversationMembership & { message: Message }> {
    const found = await this.access.withEntry(ctx, id);
    if (found.conversation.type === 'direct' || isModerator(found.member.role)) return found;
    throw forbidden('moderator_required', 'In a group only moderators, admins and owners pin messages.');
  }
}
