import { Injectable } from '@nestjs/common';
import { ObjectId } from 'bson';
import { conflict, notFound, parseObjectId, type RequestContext } from '#caas/kernel';
import { UserTokens } from '#caas/access';
import { UserRepository } from './persistence/user.repository';
import { referenceTo } from './references/reference-to';
import { resolveExternalId } from './rights';
import { SessionsService, type SessionInput } from './sessions.service';

export const DEFAULT_TOKEN_LIFETIME_S = 60 * 60;

export interface TokenInput {
  /** Seconds, 1 to 86400. */
  expires_in?: number;
  /** The token's session; `id` continues an existing one; false: no session, so the token cannot be revoked on its own. */
  session?: (SessionInput & { id?: string }) | false;
}

export interface IssuedToken {
  token: string;
  expires_at: string;
  session_id: string | null;
}

/** Issues user tokens for tenants that do not sign their own. */
@Injectable()
export class TokensService {
  constructor(
    private readonly tokens: UserTokens,
    private readonly users: UserRepository,
    private readonly sessions: SessionsService,
  ) {}

  /**
   * Issues a token for one user, by default with a new session, so that it can be listed and revoked.
   * @throws CaasError `server_key_required` (403), `user_not_found` (404), `user_deactivated` (409), `no_signing_key` (409),
   * `session_not_found` (404) when the session to continue has ended or is another user's
   */
  async issue(ctx: RequestContext, pathId: string, input: TokenInput): Promise<IssuedToken> {
    ctx.requireServer();
    const externalId = resolveExternalId(ctx, pathId);
    const user = await this.users.find(ctx, externalId);
    if (!user) throw notFound('user');
    if (user.status === 'deactivated') throw conflict('user_deactivated', 'A deactivated user gets no tokens.');
    const expiresInSeconds = input.expires_in ?? DEFAULT_TOKEN_LIFETIME_S;
    const { session = {} } = input;
    const sessionId =
      session === false ? undefined : session.id ? parseObjectId(session.id, 'session.id') : new ObjectId();
    const issued = await this.tokens.issue(ctx.tenantId, externalId, {
      expiresInSeconds,
      sessionId: sessionId?.toHexString(),
      from: user.tokens_from,
    });
    if (session !== false && sessionId) {
      const reference = referenceTo(user);
      if (session.id) await this.sessions.extend(ctx, reference, sessionId, issued.expiresAt);
      else await this.sessions.open(ctx, reference, session, issued.expiresAt, sessionId);
    }
    return {
      token: issued.token,
      expires_at: issued.expiresAt.toISOString(),
      session_id: sessionId?.toHexString() ?? null,
    };
  }
}
