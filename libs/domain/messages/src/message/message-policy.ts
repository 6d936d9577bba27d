import type { RequestContext } from '#caas/kernel';
import type { Message } from '../store/message.schema';

/** What a policy looks at. An encrypted payload is nobody's to read, and metadata are the tenant's own. */
export interface JudgedContent {
  text?: string | null;
  poll?: { question: string; options: { text: string }[] } | null;
}

/** Which texts a tenant allows in messages. The moderation library answers. */
export abstract class MessagePolicy {
  /**
   * The content as it may be stored. It is the same when nothing in it is blocked, or when it is only flagged.
   * @throws CaasError `message_blocked` (403), which does not say by what
   */
  abstract admit<C extends JudgedContent>(ctx: RequestContext, content: C): Promise<{ content: C; flagged: boolean }>;

  /** Puts flagged messages before the moderators, in the transaction that stores them. */
  abstract flag(tx: RequestContext, messages: Message[]): Promise<void>;
}
