import { Injectable } from '@nestjs/common';
import type { RequestContext, UserReference } from '#caas/kernel';
import { SessionDirectory } from '#caas/access';
import { FreshCache, Invalidations, TenantLookup } from '#caas/platform/cache';
import { SessionsService } from '../sessions.service';

const MAX_KNOWN_SESSIONS = 50_000;

/** Tells access whether the session of a token still lives. Forgets a revoked one at once, on every process. */
@Injectable()
export class CachedSessionDirectory extends SessionDirectory {
  private readonly known = new FreshCache<boolean>(MAX_KNOWN_SESSIONS);
  private readonly owners = new TenantLookup<string>((ctx, ids) => this.sessions.ownersOf(ctx, ids));

  constructor(
    private readonly sessions: SessionsService,
    invalidations: Invalidations,
  ) {
    super();
    invalidations.on('session', ({ tenantId, id }) =>
      this.known.forgetWhere((key) => key.startsWith(`${tenantId}/${id}/`)),
    );
  }

  override isAlive(ctx: RequestContext, user: UserReference, sessionId: string): Promise<boolean> {
    const userId = user.user_id.toHexString();
    return this.known.get(
      `${ctx.tenantId}/${sessionId}/${userId}`,
      async () => (await this.owners.find(ctx, sessionId)) === userId,
    );
  }
}
