import { Injectable } from '@nestjs/common';
import type { RequestContext } from '#caas/kernel';
import { UserDirectory, type KnownUser } from '#caas/access';
import { FreshCache, Invalidations } from '#caas/platform/cache';
import { Batcher } from '#caas/platform/concurrency';
import { UserRepository } from '../persistence/user.repository';
import type { User } from '../persistence/user.schema';
import { referenceTo } from '../references/reference-to';

const MAX_KNOWN_USERS = 50_000;
const LOOK_UPS = {
  maxBatch: 200,
  maxWaiting: 5_000,
  overloaded: {
    code: 'unavailable',
    detail: 'More users of this tenant are being looked up than can soon be found. Try again.',
    retryAfterSeconds: 2,
  },
};

interface LookUp {
  ctx: RequestContext;
  externalId: string;
}

/**
 * Tells access who speaks. A tenant may name users without end whom nobody knows, before any of it counts as a call: so there is
 * one query at a time for each tenant, for all that are asked for meanwhile. Forgets at once, on every process, whoever was
 * changed, deactivated or deleted.
 */
@Injectable()
export class CachedUserDirectory extends UserDirectory {
  private readonly known = new FreshCache<KnownUser | null>(MAX_KNOWN_USERS);
  private readonly lookups = new Batcher<LookUp, KnownUser | null>((lookups) => this.load(lookups), LOOK_UPS);

  constructor(
    private readonly users: UserRepository,
    invalidations: Invalidations,
  ) {
    super();
    invalidations.on('user', ({ tenantId, id }) => this.known.forget(keyOf(tenantId, id)));
  }

  override async find(ctx: RequestContext, externalId: string): Promise<KnownUser | null> {
    const key = keyOf(ctx.tenantId, externalId);
    const known = await this.known.get(key, () => this.lookups.run(ctx.tenantId, { ctx, externalId }));
    // Somebody who is about to be made must not stay unknown here for seconds after.
    if (known === null || known.state === 'deleted') this.known.forget(key);
    return known;
  }

  /** @param lookups of one tenant */
  private async load(lookups: LookUp[]): Promise<(KnownUser | null)[]> {
    const wanted = lookups.map(({ externalId }) => externalId);
    const users = await this.users.findManyWithDeleted(lookups[0]!.ctx, [...new Set(wanted)]);
    const byId = new Map(users.map((user) => [user.external_id, user]));
    return wanted.map((externalId) => {
      const user = byId.get(externalId);
      return user ? knownUser(user) : null;
    });
  }
}

const knownUser = (user: User): KnownUser => ({
  reference: referenceTo(user),
  state: user.deleted_at === null ? user.status : 'deleted',
  tokensFrom: user.tokens_from,
});

const keyOf = (tenantId: string, externalId: string) => `${tenantId}/${externalId}`;
