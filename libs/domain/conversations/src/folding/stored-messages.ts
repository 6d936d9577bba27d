import type { ObjectId } from 'bson';
import type { RequestContext, UserReference } from '#caas/kernel';

/** The fields of a message that its conversation's row depends on. */
export interface FoldedMessage {
  _id: ObjectId;
  seq: number;
  sender: UserReference;
  type: string;
  /** The text that an inbox shows for it. */
  preview: string | null;
  created_at: Date;
}

/** What conversations ask about the messages in them. The messages library answers. */
export abstract class StoredMessages {
  /** The messages above a `seq`, lowest first; deleted ones too. Inside a transaction, as that transaction sees them. */
  abstract after(ctx: RequestContext, conversationId: ObjectId, seq: number, limit: number): Promise<FoldedMessage[]>;
}
