import { Global, Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { SocketAuthenticator } from '#caas/platform/realtime';
import { AccessGuard } from './http/access.guard';
import { OperatorAuth } from './http/operator-auth';
import { FailedAuthLimiter } from './limits/failed-auth-limiter';
import { UnreadRefusals } from './limits/unread-refusals';
import { TokenSocketAuthenticator } from './socket/token-socket-authenticator';

/** What stands before the transports of an api: nothing gets in, over HTTP or by a socket, but past this. */
@Global()
@Module({
  providers: [
    FailedAuthLimiter,
    OperatorAuth,
    UnreadRefusals,
    { provide: APP_GUARD, useClass: AccessGuard },
    { provide: SocketAuthenticator, useClass: TokenSocketAuthenticator },
  ],
  exports: [FailedAuthLimiter, OperatorAuth, SocketAuthenticator],
})
export class AccessApiModule {}
