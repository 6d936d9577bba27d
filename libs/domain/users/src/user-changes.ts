import { Injectable } from '@nestjs/common';
import { refreshReferences } from '#caas/contracts';
import type { RequestContext } from '#caas/kernel';
import { Invalidations } from '#caas/platform/cache';
import { Outbox } from '#caas/tenancy';
import type { User } from './persistence/user.schema';

/** What others must hear when a user changes. */
@Injectable()
export class UserChanges {
  constructor(
    private readonly invalidations: Invalidations,
    private readonly outbox: Outbox,
  ) {}

  /** Part of the transaction that renames: every copy of the name is refreshed, whatever crashes from here on. */
  async orderRefresh(ctx: RequestContext, user: User): Promise<void> {
    await this.outbox.record(ctx, refreshReferences, { user_id: user._id.toHexString() });
  }

  announce(ctx: RequestContext, user: User): void {
    this.forget(ctx, user.external_id);
  }

  /** Every process forgets what it knew of the user. */
  forget(ctx: RequestContext, externalId: string): void {
    this.invalidations.publish({ kind: 'user', tenantId: ctx.tenantId, id: externalId });
  }
}
