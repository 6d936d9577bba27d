import type { RequestContext } from '#caas/kernel';

/**
 * Port that filters texts other than messages which users can read; moderation implements it. Without an implementation, every text is
 * allowed.
 */
export abstract class TextPolicy {
  /** @returns the name as it may be stored. @throws CaasError `name_blocked` (403) */
  abstract admitName(ctx: RequestContext, name: string): Promise<string>;

  /** @returns the text of a post or a group's description as it may be stored. @throws CaasError `text_blocked` (403) */
  abstract admitText(ctx: RequestContext, text: string): Promise<string>;
}
