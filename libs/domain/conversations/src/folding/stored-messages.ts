import type { ObjectId } from 'bson';
import type { RequestContext, UserReference } from '#caas/kernel';

/** What a conversation's row takes from one of its messages. */
export interface FoldedMessage {
  _id: ObjectId;
  seq: number;
  sender: UserReference;
  type: string;
  /** The text that an inbox shows of it. */
  preview: string | null;
  created_at: Date;
}

/** What conversations ask of the messages in them. The messages library answers. */
export abstract class StoredMessages {
  /** The messages after a `seq`, lowest first, deleted ones too; as the context's transaction sees them, if it has one. */
  abstract after(ctx: RequestContext, conversationId: ObjectId, seq: number, limit: number): Promise<FoldedMessage[]>;
}
