import { Injectable } from '@nestjs/common';
import { type Page, type RequestContext, versioned } from '#caas/kernel';
import { UnreadMentions } from './unread-mentions';
import { viewOfConversation, viewOfConversationFor } from './views';
import type { ActorInConversation } from '../access/conversation-access';
import type { ConversationMembership } from '../store/conversation-memberships';

/** Conversations as the actor sees them, with the number of unread mentions. One call counts the mentions of all conversations. */
@Injectable()
export class ConversationViews {
  constructor(private readonly mentions: UnreadMentions) {}

  async one(ctx: RequestContext, entry: ConversationMembership) {
    const [view] = await this.all(ctx, [entry]);
    return view!;
  }

  async page(ctx: RequestContext, { data, page }: Page<ConversationMembership>) {
    return { data: await this.all(ctx, data), page };
  }

  async all(ctx: RequestContext, entries: ConversationMembership[]) {
    const unread = await this.mentions.in(ctx, entries);
    return entries.map((entry) => viewOfConversationFor(entry, unread.get(entry.conversation._id.toHexString()) ?? 0));
  }

  /** For an actor who manages the conversation: a member, or the tenant's server as no user. */
  async managed(ctx: RequestContext, { conversation, member }: ActorInConversation) {
    if (member) return this.one(ctx, { conversation, member });
    return versioned(viewOfConversation(conversation), conversation.settings_version);
  }
}
