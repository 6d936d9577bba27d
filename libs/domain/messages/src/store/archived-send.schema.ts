import { Prop, Schema } from '@nestjs/mongoose';
import type { ObjectId } from 'bson';
import { Types } from 'mongoose';
import { TenantDocumentBase, tenantCollection } from '#caas/tenancy';

/** A send whose message was archived while clients may still repeat the send. The row's id is the message's id. */
@Schema()
export class ArchivedSend extends TenantDocumentBase {
  @Prop({ type: Types.ObjectId, required: true })
  conversation_id: ObjectId;

  @Prop({ type: Types.ObjectId, required: true })
  sender_id: ObjectId;

  @Prop({ type: String, required: true })
  client_message_id: string;

  /** From then on clients no longer repeat the send. */
  @Prop({ type: Date, required: true })
  expires_at: Date;
}

export const archivedSends = tenantCollection(ArchivedSend, {
  name: 'archived_sends',
  indexes: [
    {
      key: { tenant_id: 1, conversation_id: 1, sender_id: 1, client_message_id: 1 },
      serves: 'the same message sent again',
    },
    { key: { expires_at: 1 }, expireAfterSeconds: 0, serves: 'forgetting what nobody repeats' },
  ],
});
