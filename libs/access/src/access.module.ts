import { Global, Module } from '@nestjs/common';
import { TenancyModule } from '#caas/tenancy';
import { Authenticator } from './authenticator';
import { UnverifiedTenant } from './credentials/unverified-tenant';
import { ServerKeys } from './credentials/server-key';
import { UserTokens } from './credentials/user-token';
import { idempotencyKeys } from './idempotency/idempotency-key.schema';
import { IdempotencyKeys } from './idempotency/idempotency-keys';
import { FailedAuthEvents } from './failed-auth-events';
import { TenantAuditEvents } from './tenant-audit-events';

/** Needs the ports of `ports.ts` from somewhere: the control plane and the users domain provide them, globally. */
@Global()
@Module({
  imports: [TenancyModule.forFeature([idempotencyKeys])],
  providers: [
    Authenticator,
    UnverifiedTenant,
    FailedAuthEvents,
    IdempotencyKeys,
    ServerKeys,
    TenantAuditEvents,
    UserTokens,
  ],
  exports: [
    Authenticator,
    UnverifiedTenant,
    FailedAuthEvents,
    IdempotencyKeys,
    ServerKeys,
    TenantAuditEvents,
    UserTokens,
  ],
})
export class AccessModule {}
