import { Injectable } from '@nestjs/common';
import { ObjectId } from 'bson';
import type { EventType } from '#caas/contracts';
import type { RequestContext } from '#caas/kernel';
import { members, type Member } from '../store/member.schema';
import { Blocks } from '#caas/domain/users';
import { Log } from '#caas/platform/logging';
import { Realtime, type OutgoingEvent } from '#caas/platform/realtime';

/** Applies blocks between members of one conversation. Such members read each other's messages, but do not see each other's activity. */
@Injectable()
export class BlockVisibility {
  constructor(
    private readonly blocks: Blocks,
    private readonly realtime: Realtime,
    private readonly log: Log,
  ) {}

  /** The members among `found` whose activity the actor may see. */
  async notFrom<T extends Pick<Member, 'user'>>(ctx: RequestContext, found: T[]): Promise<T[]> {
    const ids = found.map(({ user }) => user.user_id);
    const apart = await this.blocks.among(ctx, ctx.user.user_id, ids);
    return apart.size === 0 ? found : found.filter(({ user }) => !apart.has(user.user_id.toHexString()));
  }

  /** Publishes a member's activity to the conversation, except to members with a block between them and that member. */
  tell<T extends EventType>(
    ctx: RequestContext,
    id: ObjectId,
    { user_id }: Member['user'],
    event: OutgoingEvent<T>,
  ): void {
    const conversationId = id.toHexString();
    this.from(ctx, id, user_id).then(
      (apart) => this.realtime.publish(ctx, { conversationId }, { ...event, conversationId, hiddenFrom: [...apart] }),
      (error: Error) => this.log.of(ctx).warn({ type: event.type, reason: error.message }, 'an event was not told'),
    );
  }

  private from(ctx: RequestContext, conversation_id: ObjectId, user: ObjectId): Promise<ReadonlySet<string>> {
    return this.blocks.within(ctx, user, async (among) => {
      const those = among === null ? {} : { 'user.user_id': { $in: [...among].map((id) => new ObjectId(id)) } };
      const found = await ctx.repository(members).find({ conversation_id, ...those }, { fields: ['user'] });
      return found.map((member) => member.user.user_id);
    });
  }
}
