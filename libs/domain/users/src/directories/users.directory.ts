import { Injectable } from '@nestjs/common';
import type { RequestContext } from '#caas/kernel';
import { UserDirectory, type KnownUser } from '#caas/access';
import { FreshCache, Invalidations, TenantLookup } from '#caas/platform/cache';
import { UserRepository } from '../persistence/user.repository';
import type { User } from '../persistence/user.schema';
import { referenceTo } from '../references/reference-to';

const MAX_KNOWN_USERS = 50_000;

/**
 * Resolves the user of a request. A tenant may name any number of unknown users before rate limits apply, so `TenantLookup` bounds the
 * cost of these lookups. A user who is changed, deactivated or deleted is dropped from every process's cache at once.
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
    // Not cached: a user who is created right after this must be found without a delay of seconds.
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
