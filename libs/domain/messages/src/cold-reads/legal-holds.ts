import type { RequestContext } from '#caas/kernel';
import type { Message } from '../store/message.schema';

/** What messages ask of legal holds; the archive answers. */
export abstract class LegalHolds {
  /**
   * Must what the message says be kept for operators, though its author edits or deletes it? Asked in the transaction of that: a
   * hold that was placed before it counts.
   */
  abstract keep(tx: RequestContext, message: Pick<Message, 'conversation_id' | 'seq' | 'sender'>): Promise<boolean>;
}
