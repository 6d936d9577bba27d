import { Injectable } from '@nestjs/common';
import { ObjectId } from 'bson';
import type { RequestContext, TenantId } from '#caas/kernel';
import type { EventEnvelope } from '#caas/contracts';
import { members, type Member } from '#caas/domain/groups';
import { ConversationFeed } from '#caas/platform/realtime';
import { RequestContexts } from '#caas/tenancy';
import { ownConversationIds } from '../conversations/own-conversations';
import { cameAfter } from '../conversations/visibility';
import { conversations } from '../persistence/conversation.schema';
import { MessageReader } from '../archived/message-reader';
import { missedEvents } from './missed-events';

const MAX_MISSED = 500;

/** What the socket layer asks of messaging. */
@Injectable()
export class MessagingFeed extends ConversationFeed {
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

  override async missed(
    tenantId: TenantId,
    conversationId: string,
    afterRev: number,
    beforeRev: number,
  ): Promise<{ envelope: EventEnvelope; hiddenFrom: string[] }[]> {
    const ctx = await this.contexts.openFor(tenantId, { kind: 'system', name: 'fill-gap' }, 'fill-gap');
    // Later changes too: what was created in the gap and changed after it is still to be told of.
    const span = { afterRev, fromSeq: 1, limit: MAX_MISSED };
    const rows = await this.reader.changedAfter(ctx, new ObjectId(conversationId), span, {
      created_rev: { $lt: beforeRev },
    });
    const envelopes = missedEvents(rows, afterRev, beforeRev);
    const late = envelopes.length === 0 ? [] : await this.lateIn(ctx, new ObjectId(conversationId), envelopes);
    return envelopes.map((envelope) => ({
      envelope,
      hiddenFrom: late
        .filter(({ joined_seq }) => joined_seq >= envelope.seq!)
        .map(({ user }) => user.user_id.toHexString()),
    }));
  }

  /** Members who do not see all of these messages. */
  private async lateIn(ctx: RequestContext, id: ObjectId, envelopes: EventEnvelope[]): Promise<Member[]> {
    const conversation = await ctx.repository(conversations).findOne({ _id: id }, { fields: ['history'] });
    if (conversation?.history !== 'joined') return [];
    return cameAfter(ctx, id, Math.min(...envelopes.map(({ seq }) => seq!)));
  }
}
