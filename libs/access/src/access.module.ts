import { Global, Module } from '@nestjs/common';
import { SocketAuthenticator } from '#caas/platform/realtime';
import { Authenticator } from './authenticator';
import { PlatformKeys } from './credentials/platform-key';
import { ServerKeys } from './credentials/server-key';
import { UserTokens } from './credentials/user-token';
import { CredentialRefusals } from './refusals';
import { TokenSocketAuthenticator } from './socket/token-socket-authenticator';

/** Needs the ports of `ports.ts` from somewhere: the control plane and the users domain provide them, globally. */
@Global()
@Module({
  providers: [
    Authenticator,
    CredentialRefusals,
    PlatformKeys,
    ServerKeys,
    UserTokens,
    TokenSocketAuthenticator,
    { provide: SocketAuthenticator, useExisting: TokenSocketAuthenticator },
  ],
  exports: [Authenticator, CredentialRefusals, PlatformKeys, ServerKeys, UserTokens, SocketAuthenticator],
})
export class AccessModule {}
