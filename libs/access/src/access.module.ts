import { Global, Module } from '@nestjs/common';
import { TenancyModule } from '#caas/tenancy';
import { Authenticator } from './authenticator';
import { ClaimedTenants } from './credentials/claimed-tenants';
import { ServerKeys } from './credentials/server-key';
import { UserTokens } from './credentials/user-token';
import { idempotencyKeys } from './idempotency/idempotency-key.schema';
import { IdempotencyKeys } from './idempotency/idempotency-keys';
import { FailedAuthEvents } from './failed-auth-events';
import { TenantActs } from './tenant-acts';

/** Needs the ports of `ports.ts` from somewhere: the control plane and the users domain provide them, globally. */
@Global()
@Module({
  imports: [TenancyModule.forFeature([idempotencyKeys])],
  providers: [Authenticator, ClaimedTenants, FailedAuthEvents, IdempotencyKeys, ServerKeys, TenantActs, UserTokens],
  exports: [Authenticator, ClaimedTenants, FailedAuthEvents, IdempotencyKeys, ServerKeys, TenantActs, UserTokens],
})
export class AccessModule {}
