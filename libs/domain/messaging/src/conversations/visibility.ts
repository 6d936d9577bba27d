import type { Member } from '#caas/domain/groups';
import type { Conversation } from '../persistence/conversation.schema';

/** The lowest `seq` that a member sees: where `history` is "joined", what was written before them stays hidden. */
export const visibleFrom = (
  { joined_seq }: Pick<Member, 'joined_seq'>,
  { history }: Pick<Conversation, 'history'>,
): number => (history === 'joined' ? joined_seq + 1 : 1);
