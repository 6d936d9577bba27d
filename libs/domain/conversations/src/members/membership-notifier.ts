import { Injectable } from '@nestjs/common';
import type { RequestContext } from '#caas/kernel';
import { Realtime } from '#caas/platform/realtime';
import type { Member } from '../store/member.schema';
import { ConversationAccess } from '../access/conversation-access';
import { viewOfConversationForNewcomer, viewOfConversationForRoom } from '../conversation/views';
import type { MembershipOutcome } from './membership-change';

/** Publishes membership changes after the commit: first the processes forget what they cached, then clients receive the events. */
@Injectable()
export class MembershipNotifier {
  constructor(
    private readonly access: ConversationAccess,
    private readonly realtime: Realtime,
  ) {}

  /** @returns when every process has removed from the room the members who lost their place in it, or after a second */
  async tell(ctx: RequestContext, outcome: MembershipOutcome): Promise<void> {
    const { conversation, joined, left, events, closed } = outcome;
    const conversationId = conversation._id.toHexString();
    this.forget(ctx, outcome);
    let isDone: Promise<void> | null = null;
    // New members join the room before the event, so that they receive it too. Removed members leave the room before the event,
    // because they must not receive it there.
    if (joined.length > 0) this.realtime.join(ctx, joined.map(userIdOf), conversationId, outcome.before);
    if (left.length > 0) isDone = this.realtime.leave(ctx, left.map(userIdOf), conversationId);
    for (const member of joined) {
      const data = viewOfConversationForNewcomer(conversation);
      this.realtime.publish(ctx, { userId: userIdOf(member) }, { type: 'conversation.created', conversationId, data });
    }
    for (const event of events) this.realtime.publish(ctx, { conversationId }, { ...event, conversationId });
    for (const { type, data } of events) {
      const member =
        type === 'member.removed' && left.find(({ user }) => user.user_id.toHexString() === data.user.user_id);
      if (member) this.realtime.publish(ctx, { userId: userIdOf(member) }, { type, conversationId, data });
    }
    if (closed) isDone = this.realtime.close(ctx, conversationId);
    else if (joined.length !== left.length) this.updated(ctx, outcome);
    await isDone;
  }

  /** New members need no invalidation, because non-membership is never cached. */
  private forget(ctx: RequestContext, { conversation, events, closed }: MembershipOutcome): void {
    if (closed) return this.access.conversationChanged(ctx, conversation._id);
    for (const { type, data } of events) {
      if (type === 'member.removed' || type === 'member.updated') {
        this.access.memberChanged(ctx, conversation._id, data.user.user_id);
      }
    }
  }

  private updated(ctx: RequestContext, { conversation }: MembershipOutcome): void {
    const conversationId = conversation._id.toHexString();
    const data = viewOfConversationForRoom(conversation);
    const event = { type: 'conversation.updated', conversationId, rev: conversation.rev, data } as const;
    this.realtime.publish(ctx, { conversationId }, event);
  }
}

const userIdOf = ({ user }: Member): string => user.user_id.toHexString();
