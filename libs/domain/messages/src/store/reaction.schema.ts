import { Prop, Schema } from '@nestjs/mongoose';
import type { ObjectId } from 'bson';
import { Types } from 'mongoose';
import type { UserReference } from '#caas/kernel';
import { UserReferenceProp } from '#caas/domain/users';
import { TenantDocumentBase, tenantCollection } from '#caas/tenancy';

/** One emoji of one user on one message. The message keeps the counts. */
@Schema()
export class Reaction extends TenantDocumentBase {
  @Prop({ type: Types.ObjectId, required: true })
  message_id: ObjectId;

  @UserReferenceProp()
  user: UserReference;

  @Prop({ type: String, required: true })
  emoji: string;
}

export const reactions = tenantCollection(Reaction, {
  name: 'reactions',
  indexes: [
    {
      key: { tenant_id: 1, message_id: 1, 'user.user_id': 1, emoji: 1 },
      unique: true,
      serves: 'the reactions of one user to the messages of a page; and nobody reacts the same twice',
    },
    { key: { tenant_id: 1, message_id: 1, _id: 1 }, serves: 'the reactions to a message' },
    { key: { tenant_id: 1, 'user.user_id': 1, _id: 1 }, serves: 'refreshing names' },
  ],
});
