import { Injectable } from '@nestjs/common';
import { ObjectId } from 'bson';
import { isObjectIdHex, type RequestContext } from '#caas/kernel';
import { ConversationAccess } from '../conversations/conversation-access';
import { ConversationsService } from '../conversations/conversations.service';
import { members } from '../persistence/member.schema';
import { messages } from '../persistence/message.schema';
import { viewOfConversationFor, viewOfMessageFor, viewOfReference } from '../views';

const JOINED_AT_ONCE = 100;

export interface SyncRequest {
  /** What the client remembers: the `rev` of each conversation. */
  conversations: Record<string, number>;
  /** Messages per conversation, at most. */
  limit: number;
}

/** Everything that happened since a client last looked, in one call. */
@Injectable()
export class SyncService {
  constructor(
    private readonly access: ConversationAccess,
    private readonly inbox: ConversationsService,
  ) {}

  async sync(ctx: RequestContext, { conversations: known, limit }: SyncRequest) {
    const left: string[] = [];
    const changed: Record<string, unknown> = {};
    for (const [id, rev] of Object.entries(known)) {
      const state = isObjectIdHex(id) ? await this.since(ctx, new ObjectId(id), rev, limit) : null;
      if (state) changed[id] = state;
      else left.push(id);
    }
    return { conversations: changed, joined: await this.joined(ctx, known), left };
  }

  /** Null when the actor may not read it (any more). */
  private async since(ctx: RequestContext, id: ObjectId, rev: number, limit: number) {
    const entry = await this.access.requireMember(ctx, id).catch(() => null);
    if (!entry) return null;
    const { conversation } = entry;
    const rows = await ctx
      .repository(messages)
      .find({ conversation_id: id, rev: { $gt: rev } }, { sort: { rev: 1 }, limit: limit + 1, withDeleted: true });
    const page = rows.slice(0, limit);
    const hasMore = rows.length > limit;
    const everyone = await ctx.repository(members).find({ conversation_id: id }, { limit: 1000 });
    return {
      messages: page.map(viewOfMessageFor),
      receipts: everyone.map(({ user, read_seq, delivered_seq }) => ({
        user: viewOfReference(user),
        read_seq,
        delivered_seq,
      })),
      // Messages that came while this was read have a higher rev than the page's last: the client asks from there.
      rev: hasMore ? page.at(-1)!.rev : Math.max(conversation.rev, page.at(-1)?.rev ?? 0),
      has_more: hasMore,
      // A rev from the future means that the client remembers another history, of a restored backup for one.
      resync_required: rev > conversation.rev,
    };
  }

  private async joined(ctx: RequestContext, known: Record<string, number>) {
    const ids = (await this.inbox.idsOf(ctx)).filter((id) => !Object.hasOwn(known, id)).slice(0, JOINED_AT_ONCE);
    const entries = await Promise.all(ids.map((id) => this.access.requireMember(ctx, new ObjectId(id))));
    return entries.map(({ conversation, member }) => viewOfConversationFor(conversation, member));
  }
}
