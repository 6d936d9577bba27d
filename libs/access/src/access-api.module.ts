import { Global, Module } from '@nestjs/common';
import { APP_GUARD, DiscoveryModule } from '@nestjs/core';
import { MetricsAccess } from '#caas/platform/health';
import { SocketAuthenticator } from '#caas/platform/realtime';
import { PlatformKeys } from './credentials/platform-key';
import { AccessGuard } from './http/access.guard';
import { OperatorAuth } from './http/operator-auth';
import { RouteAccess } from './http/route-access';
import { FailedAuthLimiter } from './limits/failed-auth-limiter';
import { EarlyRateLimit } from './limits/early-rate-limit';
import { TokenSocketAuthenticator } from './socket/token-socket-authenticator';

/** What stands before the transports of an api: nothing gets in, over HTTP or by a socket, but past this. */
@Global()
@Module({
  imports: [DiscoveryModule],
  providers: [
    FailedAuthLimiter,
    OperatorAuth,
    PlatformKeys,
    RouteAccess,
    EarlyRateLimit,
    { provide: APP_GUARD, useClass: AccessGuard },
    { provide: SocketAuthenticator, useClass: TokenSocketAuthenticator },
    {
      provide: MetricsAccess,
      inject: [OperatorAuth],
      useFactory: (operators: OperatorAuth): MetricsAccess => ({
        require: (request) => operators.authenticate(request),
      }),
    },
  ],
  exports: [FailedAuthLimiter, MetricsAccess, OperatorAuth, SocketAuthenticator],
})
export class AccessApiModule {}
