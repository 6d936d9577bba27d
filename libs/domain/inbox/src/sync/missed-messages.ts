import { Injectable } from '@nestjs/common';
import type { ObjectId } from 'bson';
import type { RequestContext } from '#caas/kernel';
import { MessageReader } from '#caas/domain/messages';
import type { ConversationMembership } from '#caas/domain/conversations';
import { visibleFrom } from '#caas/domain/conversations';
import type { Found, Position } from './conversation-state';

/** Reads what a client has missed of one conversation: changes first, by `rev`, then new messages in the remaining room. */
@Injectable()
export class MissedMessages {
  constructor(private readonly reader: MessageReader) {}

  /** @param limit for changes and new messages together */
  async of(
    ctx: RequestContext,
    { conversation, member }: ConversationMembership,
    known: Position,
    limit: number,
  ): Promise<Found> {
    const fromSeq = visibleFrom(member, conversation);
    const changed = await this.changed(ctx, conversation._id, { fromSeq, upToSeq: known.seq, rev: known.rev, limit });
    const told = changed.slice(0, limit);
    const room = limit - told.length;
    // Only up to the row's `last_seq`, so that nothing in the answer is newer than its numbers.
    const [from, to] = [Math.max(known.seq + 1, fromSeq), conversation.last_seq];
    // One more than there is room for, to learn whether there are more; also when there is no room.
    const span = { from, to, direction: 'forward', limit: room + 1 } as const;
    const sent = from > to ? [] : await this.reader.span(ctx, conversation._id, span);
    return {
      changed: told,
      hasMoreChanged: changed.length > limit,
      sent: sent.slice(0, room),
      hasMoreSent: sent.length > room,
    };
  }

  private async changed(
    ctx: RequestContext,
    id: ObjectId,
    { fromSeq, upToSeq, rev, limit }: { fromSeq: number; upToSeq: number; rev: number; limit: number },
  ) {
    if (upToSeq < fromSeq) return [];
    return this.reader.changedAfter(ctx, id, { afterRev: rev, fromSeq, upToSeq, limit: limit + 1 });
  }
}
