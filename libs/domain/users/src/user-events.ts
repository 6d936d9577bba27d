import { Injectable } from '@nestjs/common';
import { handOnOwnership, refreshReferences } from '#caas/contracts';
import type { RequestContext } from '#caas/kernel';
import { Invalidations } from '#caas/platform/cache';
import { Outbox } from '#caas/tenancy';
import type { User } from './persistence/user.schema';

type Listener = (ctx: RequestContext, user: User) => void;

/** What others must hear when a user changes. */
@Injectable()
export class UserEvents {
  private readonly listeners = new Set<Listener>();
  private readonly forgetUser = this.invalidations.publisher('user');

  constructor(
    private readonly invalidations: Invalidations,
    private readonly outbox: Outbox,
  ) {}

  /** Calls `listener` in this process, after the commit, for every profile that changed here. It must not throw. */
  on(listener: Listener): void {
    this.listeners.add(listener);
  }

  /** Part of the transaction that renames: every copy of the name is refreshed, whatever crashes from here on. */
  async orderRefresh(ctx: RequestContext, user: User): Promise<void> {
    await this.outbox.record(ctx, refreshReferences, { user_id: user._id.toHexString() });
  }

  /** Part of the transaction in which a user is deleted or deactivated: what they own gets another owner. */
  async orderHandOver(ctx: RequestContext, user: User): Promise<void> {
    await this.outbox.record(ctx, handOnOwnership, { user_id: user._id.toHexString() });
  }

  /** After the commit. */
  announce(ctx: RequestContext, user: User): void {
    this.forget(ctx, user.external_id);
    for (const listener of this.listeners) listener(ctx, user);
  }

  /** Every process forgets what it knew of the user, and looks at the user's sockets again. */
  forget(ctx: RequestContext, externalId: string): void {
    this.forgetUser(ctx.tenantId, externalId);
  }
}
