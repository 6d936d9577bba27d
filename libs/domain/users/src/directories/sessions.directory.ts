import { Injectable } from '@nestjs/common';
import type { RequestContext } from '#caas/kernel';
import { SessionDirectory } from '#caas/access';
import { FreshCache, Invalidations, TenantLookup } from '#caas/platform/cache';
import { SessionsService } from '../sessions.service';

const MAX_KNOWN_SESSIONS = 50_000;

/** Resolves the user of a token's session while the session lives. A revoked session is dropped from every process's cache at once. */
@Injectable()
export class CachedSessionDirectory extends SessionDirectory {
  private readonly known = new FreshCache<string | null>(MAX_KNOWN_SESSIONS);
  private readonly owners = new TenantLookup<string>((ctx, ids) => this.sessions.ownersOf(ctx, ids));

  constructor(
    private readonly sessions: SessionsService,
    invalidations: Invalidations,
  ) {
    super();
    invalidations.on('session', ({ tenantId, id }) => this.known.forget(keyOf(tenantId, id)));
  }

  override ownerOf(ctx: RequestContext, sessionId: string): Promise<string | null> {
    const key = keyOf(ctx.tenantId, sessionId);
    return this.known.get(key, async () => (await this.owners.find(ctx, sessionId)) ?? null);
  }
}

const keyOf = (tenantId: string, sessionId: string) => `${tenantId}/${sessionId}`;
