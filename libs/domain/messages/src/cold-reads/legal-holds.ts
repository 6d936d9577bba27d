import type { RequestContext } from '#caas/kernel';
import type { Message } from '../store/message.schema';

/** What messages ask about legal holds. The archive answers. */
export abstract class LegalHolds {
  /**
   * True when the content of the message must be kept for operators although its author edits or deletes it. It is called in the
   * transaction of the edit or deletion, so that a hold placed before the commit counts.
   */
  abstract keep(tx: RequestContext, message: Pick<Message, 'conversation_id' | 'seq' | 'sender'>): Promise<boolean>;
}
