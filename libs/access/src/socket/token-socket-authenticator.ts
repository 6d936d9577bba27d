import { Injectable } from '@nestjs/common';
import { unauthenticated } from '#caas/kernel';
import { InjectConfig, type ConfigOf } from '#caas/platform/config';
import { httpConfig, networkOfPeer } from '#caas/platform/http';
import { SocketAuthenticator, type SocketPeer, type SocketPrincipal } from '#caas/platform/realtime';
import { Authenticator } from '../authenticator';
import { UserTokens } from '../credentials/user-token';
import type { CredentialAttempt } from '../failed-auth-events';
import { FailedAuthLimiter } from '../limits/failed-auth-limiter';

/** Authenticates sockets by a user token, checked as over HTTP, and again for every message. */
@Injectable()
export class TokenSocketAuthenticator extends SocketAuthenticator {
  constructor(
    private readonly tokens: UserTokens,
    private readonly authenticator: Authenticator,
    private readonly failedAuth: FailedAuthLimiter,
    @InjectConfig(httpConfig) private readonly http: ConfigOf<typeof httpConfig>,
  ) {
    super();
  }

  override authenticate(token: unknown, requestId: string, peer: SocketPeer): Promise<SocketPrincipal> {
    const attempt: CredentialAttempt = { requestId };
    return this.failedAuth.verify({ credential: 'user_token', peer, attempt }, () => this.principalOf(token, attempt));
  }

  override addressOf(peer: SocketPeer): string {
    return networkOfPeer(peer, this.http.TRUSTED_PROXIES);
  }

  private async principalOf(token: unknown, attempt: CredentialAttempt): Promise<SocketPrincipal> {
    if (typeof token !== 'string' || token === '') {
      throw unauthenticated('token_missing', 'Connect with auth: { token: <user token> }.');
    }
    const verified = await this.tokens.verify(token, attempt);
    const ctx = await this.authenticator.contextOf(verified, attempt.requestId);
    return {
      tenantId: ctx.tenantId,
      user: ctx.user,
      sessionId: verified.sessionId,
      expiresAt: verified.expiresAt * 1000,
      // Verify again: the key that signed the token may have been revoked since.
      context: async (requestId) =>
        this.authenticator.contextOf(await this.tokens.verify(token, { requestId }), requestId),
    };
  }
}
