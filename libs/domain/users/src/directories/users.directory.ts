import { Injectable } from '@nestjs/common';
import type { RequestContext } from '#caas/kernel';
import { UserDirectory, type KnownUser } from '#caas/access';
import { FreshCache, Invalidations, TenantLookup } from '#caas/platform/cache';
import { UserRepository } from '../persistence/user.repository';
import type { User } from '../persistence/user.schema';
import { referenceTo } from '../references/reference-to';

const MAX_KNOWN_USERS = 50_000;

/**
 * Tells access who speaks. A tenant may name users without end whom nobody knows, before any of it counts as a call: `TenantLookup`
 * bounds what that costs. Forgets at once, on every process, whoever was changed, deactivated or deleted.
 */
@Injectable()
export class CachedUserDirectory extends UserDirectory {
  private readonly known = new FreshCache<KnownUser | null>(MAX_KNOWN_USERS);
  private readonly lookup = new TenantLookup<KnownUser>((ctx, externalIds) => this.load(ctx, externalIds));

  constructor(
    private readonly users: UserRepository,
    invalidations: Invalidations,
  ) {
    super();
    invalidations.on('user', ({ tenantId, id }) => this.known.forget(keyOf(tenantId, id)));
  }

  override async find(ctx: RequestContext, externalId: string): Promise<KnownUser | null> {
    const key = keyOf(ctx.tenantId, externalId);
    const known = await this.known.get(key, async () => (await this.lookup.find(ctx, externalId)) ?? null);
    // Somebody who is about to be made must not stay unknown here for seconds after.
    if (known === null || known.state === 'deleted') this.known.forget(key);
    return known;
  }

  private async load(ctx: RequestContext, externalIds: string[]): Promise<Map<string, KnownUser>> {
    const users = await this.users.findManyWithDeleted(ctx, externalIds);
    return new Map(users.map((user) => [user.external_id, knownUser(user)]));
  }
}

const knownUser = (user: User): KnownUser => ({
  reference: referenceTo(user),
  state: user.deleted_at === null ? user.status : 'deleted',
  tokensFrom: user.tokens_from,
});

const keyOf = (tenantId: string, externalId: string) => `${tenantId}/${externalId}`;
