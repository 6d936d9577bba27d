import { Injectable } from '@nestjs/common';
import { unauthenticated } from '#caas/kernel';
import { InjectConfig, type ConfigOf } from '#caas/platform/config';
import { httpConfig } from '#caas/platform/http';
import { SocketAuthenticator, type SocketPeer, type SocketPrincipal } from '#caas/platform/realtime';
import { Authenticator } from '../authenticator';
import { UserTokens } from '../credentials/user-token';
import { addressBehind, networkOf } from '../limits/address';
import { BadCredentials } from '../limits/bad-credentials';

/** Sockets come in by a user token, checked as over HTTP, and again for every message. */
@Injectable()
export class TokenSocketAuthenticator extends SocketAuthenticator {
  constructor(
    private readonly tokens: UserTokens,
    private readonly authenticator: Authenticator,
    private readonly badCredentials: BadCredentials,
    @InjectConfig(httpConfig) private readonly config: ConfigOf<typeof httpConfig>,
  ) {
    super();
  }

  override authenticate(token: unknown, requestId: string, peer: SocketPeer): Promise<SocketPrincipal> {
    const address = this.clientOf(peer);
    const credential = typeof token === 'string' && token !== '' ? token : null;
    return this.badCredentials.watch(address, `Bearer ${credential}`, () => this.principalOf(credential, requestId));
  }

  override addressOf(peer: SocketPeer): string {
    return networkOf(this.clientOf(peer));
  }

  private clientOf({ address, forwardedFor }: SocketPeer): string {
    return addressBehind(address, forwardedFor, this.config.TRUSTED_PROXIES);
  }

  private async principalOf(token: string | null, requestId: string): Promise<SocketPrincipal> {
    if (token === null) throw unauthenticated('token_missing', 'Connect with auth: { token: <user token> }.');
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
