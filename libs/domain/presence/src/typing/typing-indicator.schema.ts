import { Prop, Schema } from '@nestjs/mongoose';
import type { ObjectId } from 'bson';
import { Types } from 'mongoose';
import type { UserReference } from '#caas/kernel';
import { UserReferenceProp } from '#caas/domain/users';
import { TenantDocumentBase, tenantCollection } from '#caas/tenancy';

/** A user is writing a message. Stored for members who open the conversation while it lasts. */
@Schema()
export class TypingIndicator extends TenantDocumentBase {
  @Prop({ type: Types.ObjectId, required: true })
  conversation_id: ObjectId;

  @UserReferenceProp()
  user: UserReference;

  @Prop({ type: Date, required: true })
  expires_at: Date;
}

export const typingIndicators = tenantCollection(TypingIndicator, {
  name: 'typing_indicators',
  indexes: [
    {
      key: { tenant_id: 1, conversation_id: 1, 'user.user_id': 1 },
      unique: true,
      serves: 'who is typing in a conversation; one row for each who is',
    },
    { key: { tenant_id: 1, 'user.user_id': 1, _id: 1 }, serves: 'refreshing names' },
    { key: { expires_at: 1 }, expireAfterSeconds: 0, serves: 'forgetting who has stopped' },
  ],
});
