import type { RequestContext } from '#caas/kernel';
import type { Message } from '../store/message.schema';

/** Which texts a tenant allows in messages. The moderation library answers. */
export abstract class MessagePolicy {
  /**
   * Returns the texts of one message as they may be stored: unchanged when nothing is blocked or the message is only flagged.
   * Encrypted payloads are not checked, because we cannot read them, nor are metadata, which are the tenant's own.
   * @param texts as `textsOf` gives them
   * @throws CaasError `message_blocked` (403), which does not say what matched
   */
  abstract admit(ctx: RequestContext, texts: string[]): Promise<{ texts: string[]; flagged: boolean }>;

  /** Reports flagged messages to the moderators, in the transaction that stores the messages. */
  abstract flag(tx: RequestContext, messages: Message[]): Promise<void>;
}
