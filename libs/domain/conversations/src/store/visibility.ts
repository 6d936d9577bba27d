import type { ObjectId } from 'bson';
import type { RequestContext } from '#caas/kernel';
import { members, type Member } from './member.schema';
import type { Conversation } from './conversation.schema';

/** The lowest `seq` that a member sees. Where `history` is "joined", messages from before they joined stay hidden. */
export const visibleFrom = (
  { joined_seq }: Pick<Member, 'joined_seq'>,
  { history }: Pick<Conversation, 'history'>,
): number => (history === 'joined' ? joined_seq + 1 : 1);

/** Members who joined when the conversation was at `seq` or later. Where `history` is "joined", they do not see that message. */
export const cameAfter = (ctx: RequestContext, conversation_id: ObjectId, seq: number): Promise<Member[]> =>
  ctx.repository(members).find({ conversation_id, joined_seq: { $gte: seq } }, { fields: ['user', 'joined_seq'] });
