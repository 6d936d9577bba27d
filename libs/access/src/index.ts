export { AccessApiModule } from './access-api.module';
export { AccessModule } from './access.module';
export { Authenticator, type Credentials } from './authenticator';
export { type PlatformRole } from './credentials/platform-key';
export { ClaimedTenants } from './credentials/claimed-tenants';
export { newServerKey } from './credentials/server-key';
export { UserTokens, type VerifiedToken } from './credentials/user-token';
export { PlatformRoute, PublicRoute, PublicWhenSigned, ServerRoute, UserRoute } from './http/access.guard';
export { FailedAuthEvents, type CredentialAttempt, type FailedAuth } from './failed-auth-events';
export { OperatorAuth } from './http/operator-auth';
export { FailedAuthLimiter, type PresentedCredential } from './limits/failed-auth-limiter';
export { idempotencyKeys } from './idempotency/idempotency-key.schema';
export { Idempotent, NewId } from './idempotency/idempotent';
export { Operator, type OperatorContext } from './http/operator';
export {
  ALGORITHM_NAMES,
  algorithmNamed,
  ServerKeyStore,
  SessionDirectory,
  SigningKeyStore,
  TOKEN_ALGORITHMS,
  UserDirectory,
  type KnownUser,
  type ServerKeyRecord,
  type SigningKey,
  type TokenAlgorithm,
} from './ports';
export { TenantActs, type TenantAct } from './tenant-acts';
