import { Module } from '@nestjs/common';
import { TenancyModule } from '#caas/tenancy';
import { Authenticator } from './authenticator';
import { UnverifiedTenant } from './credentials/unverified-tenant';
import { ServerKeys } from './credentials/server-key';
import { UserTokens } from './credentials/user-token';
import { idempotencyKeys } from './idempotency/idempotency-key.schema';
import { IdempotencyKeys } from './idempotency/idempotency-keys';

/** The app binds the ports of `ports.ts`. */
@Module({
  imports: [TenancyModule, TenancyModule.forFeature([idempotencyKeys])],
  providers: [Authenticator, UnverifiedTenant, IdempotencyKeys, ServerKeys, UserTokens],
  exports: [Authenticator, UnverifiedTenant, IdempotencyKeys, UserTokens],
})
export class AccessModule {}
