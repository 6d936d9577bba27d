import { Injectable } from '@nestjs/common';
import type { RequestContext } from '#caas/kernel';
import { UserDirectory, type KnownUser } from '#caas/access';
import { FreshCache, Invalidations } from '#caas/platform/cache';
import { UserRepository } from '../persistence/user.repository';
import { referenceTo } from '../references/reference-to';

const MAX_KNOWN_USERS = 50_000;

/** Tells access who speaks. Forgets at once, on every process, whoever was changed, deactivated or deleted. */
@Injectable()
export class CachedUserDirectory extends UserDirectory {
  private readonly known = new FreshCache<KnownUser | null>(MAX_KNOWN_USERS);

  constructor(
    private readonly users: UserRepository,
    invalidations: Invalidations,
  ) {
    super();
    invalidations.on(({ kind, tenantId, id }) => {
      if (kind === 'user') this.known.forget(keyOf(tenantId, id));
    });
  }

  override async find(ctx: RequestContext, externalId: string): Promise<KnownUser | null> {
    const key = keyOf(ctx.tenantId, externalId);
    const known = await this.known.get(key, () => this.load(ctx, externalId));
    // Somebody who is about to be made must not stay unknown here for seconds after.
    if (known === null || known.state === 'deleted') this.known.forget(key);
    return known;
  }

  private async load(ctx: RequestContext, externalId: string): Promise<KnownUser | null> {
    const user = await this.users.findWithDeleted(ctx, externalId);
    if (!user) return null;
    return { reference: referenceTo(user), state: user.deleted_at === null ? user.status : 'deleted' };
  }
}

const keyOf = (tenantId: string, externalId: string) => `${tenantId}/${externalId}`;
