import type { RequestContext } from '#caas/kernel';
import type { ConversationMembership } from '../store/conversation-memberships';

/** How often the actor is mentioned in messages that they have not read. The messages library answers. */
export abstract class UnreadMentions {
  /** By conversation id; a conversation without unread mentions is missing. @param entries the actor's own */
  abstract in(ctx: RequestContext, entries: ConversationMembership[]): Promise<Map<string, number>>;
}
