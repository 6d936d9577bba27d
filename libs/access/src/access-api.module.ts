import { Module } from '@nestjs/common';
import { APP_GUARD, DiscoveryModule } from '@nestjs/core';
import { LimitsModule } from '#caas/platform/limits';
import { AccessModule } from './access.module';
import { AuditEventsModule } from './audit-events.module';
import { PlatformKeys } from './credentials/platform-key';
import { AccessGuard } from './http/access.guard';
import { OperatorAuth } from './http/operator-auth';
import { OperatorMetricsAccess } from './http/operator-metrics-access';
import { RouteAccess } from './http/route-access';
import { FailedAuthLimiter } from './limits/failed-auth-limiter';
import { EarlyRateLimit } from './limits/early-rate-limit';
import { TokenSocketAuthenticator } from './socket/token-socket-authenticator';

/** The access checks of an api: every request and every socket passes them first. */
@Module({
  imports: [AccessModule, AuditEventsModule, DiscoveryModule, LimitsModule],
  providers: [
    FailedAuthLimiter,
    OperatorAuth,
    OperatorMetricsAccess,
    PlatformKeys,
    RouteAccess,
    EarlyRateLimit,
    { provide: APP_GUARD, useClass: AccessGuard },
    TokenSocketAuthenticator,
  ],
  exports: [FailedAuthLimiter, OperatorAuth, OperatorMetricsAccess, TokenSocketAuthenticator],
})
export class AccessApiModule {}
