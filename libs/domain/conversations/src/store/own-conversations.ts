import type { ObjectId } from 'bson';
import type { RequestContext } from '#caas/kernel';
import { members } from './member.schema';

const MAX_CONVERSATIONS = 10_000;

/** The conversations that the actor is in. */
export async function ownConversationIds(ctx: RequestContext): Promise<ObjectId[]> {
  const own = await ctx
    .repository(members)
    .find({ 'user.user_id': ctx.user.user_id }, { fields: ['conversation_id'], limit: MAX_CONVERSATIONS });
  return own.map(({ conversation_id }) => conversation_id);
}
