import { Global, Module } from '@nestjs/common';
import { APP_GUARD, DiscoveryModule } from '@nestjs/core';
import { SocketAuthenticator } from '#caas/platform/realtime';
import { AccessGuard } from './http/access.guard';
import { OperatorAuth } from './http/operator-auth';
import { RouteAccess } from './http/route-access';
import { FailedAuthLimiter } from './limits/failed-auth-limiter';
import { UnreadRefusals } from './limits/unread-refusals';
import { TokenSocketAuthenticator } from './socket/token-socket-authenticator';

/** What stands before the transports of an api: nothing gets in, over HTTP or by a socket, but past this. */
@Global()
@Module({
  imports: [DiscoveryModule],
  providers: [
    FailedAuthLimiter,
    OperatorAuth,
    RouteAccess,
    UnreadRefusals,
    { provide: APP_GUARD, useClass: AccessGuard },
    { provide: SocketAuthenticator, useClass: TokenSocketAuthenticator },
  ],
  exports: [FailedAuthLimiter, OperatorAuth, SocketAuthenticator],
})
export class AccessApiModule {}
