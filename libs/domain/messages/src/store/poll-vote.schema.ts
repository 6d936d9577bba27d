import { Prop, Schema } from '@nestjs/mongoose';
import type { ObjectId } from 'bson';
import { Types } from 'mongoose';
import type { UserReference } from '#caas/kernel';
import { UserReferenceProp } from '#caas/domain/users';
import { TenantDocumentBase, tenantCollection } from '#caas/tenancy';

/** The options that one user voted for in one poll. A withdrawn vote has no row. The message keeps the counts. */
@Schema()
export class PollVote extends TenantDocumentBase {
  @Prop({ type: Types.ObjectId, required: true })
  message_id: ObjectId;

  @UserReferenceProp()
  user: UserReference;

  /** At least one, in the order of the poll. */
  @Prop({ type: [String], required: true })
  option_ids: string[];
}

export const pollVotes = tenantCollection(PollVote, {
  name: 'poll_votes',
  indexes: [
    {
      key: { tenant_id: 1, message_id: 1, 'user.user_id': 1 },
      unique: true,
      serves: 'the votes of one user in the polls of a page; and nobody votes twice',
    },
    { key: { tenant_id: 1, message_id: 1, _id: 1 }, serves: 'who voted' },
    { key: { tenant_id: 1, message_id: 1, option_ids: 1, _id: 1 }, serves: 'who voted for an option' },
    { key: { tenant_id: 1, 'user.user_id': 1, _id: 1 }, serves: 'refreshing names' },
  ],
});
