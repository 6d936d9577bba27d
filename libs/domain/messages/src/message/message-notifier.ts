import { Injectable } from '@nestjs/common';
import type { ObjectId } from 'bson';
import type { EventType } from '#caas/contracts';
import type { RequestContext } from '#caas/kernel';
import { FreshCache, Invalidations } from '#caas/platform/cache';
import { Log } from '#caas/platform/logging';
import { Realtime, type OutgoingEvent } from '#caas/platform/realtime';
import { conversationKey } from '#caas/domain/conversations';
import { cameAfter } from '#caas/domain/conversations';
import { conversations, type History } from '#caas/domain/conversations';
import type { Message } from '../store/message.schema';

const MAX_CACHED = 20_000;

/**
 * Publishes events of a message to the members who can read it. Where `history` is "joined", members who joined after the message
 * cannot.
 */
@Injectable()
export class MessageNotifier {
  private readonly histories = new FreshCache<History | null>(MAX_CACHED);

  constructor(
    private readonly realtime: Realtime,
    private readonly log: Log,
    invalidations: Invalidations,
  ) {
    invalidations.on('conversation', ({ tenantId, id }) => this.histories.forget(`${tenantId}:${id}`));
  }

  tell<T extends EventType>(
    ctx: RequestContext,
    { conversation_id, seq }: Pick<Message, 'conversation_id' | 'seq'>,
    event: OutgoingEvent<T>,
  ): void {
    const conversationId = conversation_id.toHexString();
    const publish = (hiddenFrom: string[]) =>
      this.realtime.publish(ctx, { conversationId }, { ...event, conversationId, hiddenFrom });
    // Publishes synchronously if possible, so that the events of a conversation leave in their order.
    if (this.histories.peek(conversationKey(ctx, conversation_id)) === 'all') return publish([]);
    this.hiddenFrom(ctx, conversation_id, seq).then(publish, (error: Error) =>
      this.log.of(ctx).warn({ type: event.type, reason: error.message }, 'an event was not told'),
    );
  }

  private async hiddenFrom(ctx: RequestContext, id: ObjectId, seq: number): Promise<string[]> {
    const history = await this.histories.get(conversationKey(ctx, id), async () => {
      const found = await ctx.repository(conversations).findOne({ _id: id }, { fields: ['history'] });
      return found?.history ?? null;
    });
    if (history !== 'joined') return [];
    return (await cameAfter(ctx, id, seq)).map(({ user }) => user.user_id.toHexString());
  }
}
