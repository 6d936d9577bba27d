import { Injectable } from '@nestjs/common';
import { handOnOwnership, refreshReferences } from '#caas/contracts';
import type { RequestContext } from '#caas/kernel';
import { Invalidations } from '#caas/platform/cache';
import { Outbox } from '#caas/tenancy';
import type { User } from './persistence/user.schema';

type Listener = (ctx: RequestContext, user: User) => void;

/** Notifies other domains and processes when a user changes. */
@Injectable()
export class UserEvents {
  private readonly listeners = new Set<Listener>();
  private readonly forgetUser = this.invalidations.publisher('user');

  constructor(
    private readonly invalidations: Invalidations,
    private readonly outbox: Outbox,
  ) {}

  /** Registers a listener for profile changes made in this process, called after the commit. It must not throw. */
  on(listener: Listener): void {
    this.listeners.add(listener);
  }

  /** Part of the transaction that renames: records a job that refreshes every copy of the name, so a later crash cannot lose it. */
  async orderRefresh(ctx: RequestContext, user: User): Promise<void> {
    await this.outbox.record(ctx, refreshReferences, { user_id: user._id.toHexString() });
  }

  /** Part of the transaction that deletes or deactivates a user: records a job that transfers what they own. */
  async orderHandOver(ctx: RequestContext, user: User): Promise<void> {
    await this.outbox.record(ctx, handOnOwnership, { user_id: user._id.toHexString() });
  }

  /** Call it after the commit. */
  announce(ctx: RequestContext, user: User): void {
    this.forget(ctx, user.external_id);
    for (const listener of this.listeners) listener(ctx, user);
  }

  /** Drops the user from every process's cache, and checks the user's sockets again. */
  forget(ctx: RequestContext, externalId: string): void {
    this.forgetUser(ctx.tenantId, externalId);
  }
}
