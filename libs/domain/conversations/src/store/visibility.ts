import type { ObjectId } from 'bson';
import type { RequestContext } from '#caas/kernel';
import { members, type Member } from './member.schema';
import type { Conversation } from './conversation.schema';

/** The lowest `seq` that a member sees: where `history` is "joined", what was written before them stays hidden. */
export const visibleFrom = (
  { joined_seq }: Pick<Member, 'joined_seq'>,
  { history }: Pick<Conversation, 'history'>,
): number => (history === 'joined' ? joined_seq + 1 : 1);

/** Members of a conversation that came when it stood at `seq` or later: where `history` is "joined", they do not see that message. */
export const cameAfter = (ctx: RequestContext, conversation_id: ObjectId, seq: number): Promise<Member[]> =>
  ctx.repository(members).find({ conversation_id, joined_seq: { $gte: seq } }, { fields: ['user', 'joined_seq'] });
