import type { RequestContext } from '#caas/kernel';

/** What people may read of each other beside messages; whoever keeps the tenant's words answers. Without an answer, anything. */
export abstract class TextPolicy {
  /** What somebody or something is called, as it may be stored. @throws CaasError `name_blocked` (403) */
  abstract admitName(ctx: RequestContext, name: string): Promise<string>;

  /** A post, or what a group says of itself, as it may be stored. @throws CaasError `text_blocked` (403) */
  abstract admitText(ctx: RequestContext, text: string): Promise<string>;
}
