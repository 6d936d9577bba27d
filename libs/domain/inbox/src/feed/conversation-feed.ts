import { Injectable } from '@nestjs/common';
import { ObjectId } from 'bson';
import type { RequestContext, TenantId } from '#caas/kernel';
import { members, type Member } from '#caas/domain/conversations';
import { ConversationDirectory, type MissedEvent } from '#caas/platform/realtime';
import { RequestContexts } from '#caas/tenancy';
import { ownConversationIds } from '#caas/domain/conversations';
import { cameAfter } from '#caas/domain/conversations';
import { conversations } from '#caas/domain/conversations';
import { MessageReader } from '#caas/domain/messages';
import type { Message } from '#caas/domain/messages';
import { changedEventOf, createdEventOf } from './missed-events';

const MAX_MISSED = 500;

/** Gives the socket layer conversations and their messages. */
@Injectable()
export class ConversationFeed extends ConversationDirectory {
  constructor(
    private readonly contexts: RequestContexts,
    private readonly reader: MessageReader,
  ) {
    super();
  }

  override async conversationsOf(ctx: RequestContext): Promise<string[]> {
    return (await ownConversationIds(ctx)).map((id) => id.toHexString());
  }

  override async membersAmong(tenantId: TenantId, conversationId: string, userIds: string[]): Promise<Set<string>> {
    const ctx = await this.contexts.openFor(tenantId, { kind: 'system', name: 'recheck-room' }, 'recheck-room');
    const among = { $in: userIds.map((id) => new ObjectId(id)) };
    const found = await ctx
      .repository(members)
      .find({ conversation_id: new ObjectId(conversationId), 'user.user_id': among }, { fields: ['user'] });
    return new Set(found.map(({ user }) => user.user_id.toHexString()));
  }

  override async missedMessages(tenantId: TenantId, conversationId: string, afterSeq: number, beforeSeq: number) {
    const ctx = await this.contextOf(tenantId);
    const id = new ObjectId(conversationId);
    const span = { from: afterSeq + 1, to: beforeSeq - 1, direction: 'forward', limit: MAX_MISSED } as const;
    return this.eventsOf(ctx, id, await this.reader.span(ctx, id, span), createdEventOf);
  }

  override async missedChanges(tenantId: TenantId, conversationId: string, afterRev: number, beforeRev: number) {
    const ctx = await this.contextOf(tenantId);
    const id = new ObjectId(conversationId);
    const span = { afterRev, fromSeq: 1, upToSeq: Infinity, limit: MAX_MISSED };
    const changed = await this.reader.changedAfter(ctx, id, span);
    // Later changes have events of their own.
    return this.eventsOf(
      ctx,
      id,
      changed.filter(({ rev }) => rev < beforeRev),
      changedEventOf,
    );
  }

  private contextOf(tenantId: TenantId): Promise<RequestContext> {
    return this.contexts.openFor(tenantId, { kind: 'system', name: 'fill-gap' }, 'fill-gap');
  }

  private async eventsOf(
    ctx: RequestContext,
    id: ObjectId,
    messages: Message[],
    eventOf: (message: Message) => Omit<MissedEvent, 'hiddenFrom'>,
  ): Promise<MissedEvent[]> {
    const late = messages.length === 0 ? [] : await this.lateIn(ctx, id, Math.min(...messages.map(({ seq }) => seq)));
    return messages.map((message) => ({
      ...eventOf(message),
      hiddenFrom: late
        .filter(({ joined_seq }) => joined_seq >= message.seq)
        .map(({ user }) => user.user_id.toHexString()),
    }));
  }

  /** Members who cannot see all messages from `seq` on. */
  private async lateIn(ctx: RequestContext, id: ObjectId, seq: number): Promise<Member[]> {
    const conversation = await ctx.repository(conversations).findOne({ _id: id }, { fields: ['history'] });
    return conversation?.history === 'joined' ? cameAfter(ctx, id, seq) : [];
  }
}
