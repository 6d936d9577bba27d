import { Global, Module } from '@nestjs/common';
import { Authenticator } from './authenticator';
import { PlatformKeys } from './credentials/platform-key';
import { ServerKeys } from './credentials/server-key';
import { UserTokens } from './credentials/user-token';

/** Needs the ports of `ports.ts` from somewhere: the control plane and the users domain provide them, globally. */
@Global()
@Module({
  providers: [Authenticator, PlatformKeys, ServerKeys, UserTokens],
  exports: [Authenticator, PlatformKeys, ServerKeys, UserTokens],
})
export class AccessModule {}
