import type { RequestContext } from '#caas/kernel';
import type { Message } from '../store/message.schema';

/** Which texts a tenant allows in messages. The moderation library answers. */
export abstract class MessagePolicy {
  /**
   * The texts of one message as they may be stored: the same when nothing in them is blocked, or when they are only flagged. An
   * encrypted payload is nobody's to read, and metadata are the tenant's own.
   * @param texts as `textsOf` gives them
   * @throws CaasError `message_blocked` (403), which does not say by what
   */
  abstract admit(ctx: RequestContext, texts: string[]): Promise<{ texts: string[]; flagged: boolean }>;

  /** Puts flagged messages before the moderators, in the transaction that stores them. */
  abstract flag(tx: RequestContext, messages: Message[]): Promise<void>;
}
