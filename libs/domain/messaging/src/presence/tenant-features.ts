import type { RequestContext } from '#caas/kernel';

/** What a tenant has switched on; who keeps the tenants' settings answers. */
export abstract class TenantFeatures {
  /** May users see who of the others is there? */
  abstract hasPresence(ctx: RequestContext): Promise<boolean>;
}

/** As long as nobody keeps settings: everything is on. */
export class AllFeatures extends TenantFeatures {
  override hasPresence(): Promise<boolean> {
    return Promise.resolve(true);
  }
}
