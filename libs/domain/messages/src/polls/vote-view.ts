import { viewOfReference } from '#caas/domain/users';
import type { PollVote } from '../store/poll-vote.schema';

export function viewOfVote({ _id, message_id, option_ids, user, created_at, updated_at }: PollVote) {
  return {
    id: _id.toHexString(),
    message_id: message_id.toHexString(),
    option_ids,
    user: viewOfReference(user),
    created_at: created_at.toISOString(),
    updated_at: updated_at.toISOString(),
  };
}
