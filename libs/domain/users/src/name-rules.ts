import type { RequestContext } from '#caas/kernel';

/** What users and groups may be called; whoever keeps the tenant's words answers. Without an answer, anything. */
export abstract class NameRules {
  /** The name as it may be stored. @throws CaasError `name_blocked` (403) */
  abstract admit(ctx: RequestContext, name: string): Promise<string>;
}
