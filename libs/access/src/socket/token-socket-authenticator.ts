import { Injectable } from '@nestjs/common';
import { unauthenticated } from '#caas/kernel';
import { SocketAuthenticator, type SocketPrincipal } from '#caas/platform/realtime';
import { Authenticator } from '../authenticator';
import { UserTokens } from '../credentials/user-token';

/** Sockets come in by a user token, checked as over HTTP, and again for every message. */
@Injectable()
export class TokenSocketAuthenticator extends SocketAuthenticator {
  constructor(
    private readonly tokens: UserTokens,
    private readonly authenticator: Authenticator,
  ) {
    super();
  }

  override async authenticate(token: unknown, requestId: string): Promise<SocketPrincipal> {
    if (typeof token !== 'string' || token === '') {
      throw unauthenticated('token_missing', 'Connect with auth: { token: <user token> }.');
    }
    const verified = await this.tokens.verify(token, requestId);
    const ctx = await this.authenticator.contextOf(verified, requestId);
    return {
      tenantId: ctx.tenantId,
      user: ctx.user,
      sessionId: verified.sessionId,
      expiresAt: verified.expiresAt * 1000,
      // Through `verify` again: the key that signed the token may have been revoked since.
      context: async (messageId) => this.authenticator.contextOf(await this.tokens.verify(token, messageId), messageId),
    };
  }
}
