export { AccessApiModule } from './access-api.module';
export { AccessModule } from './access.module';
export { AuditEventsModule } from './audit-events.module';
export { newServerKey } from './credentials/server-key';
export { UnverifiedTenant } from './credentials/unverified-tenant';
export { UserTokens } from './credentials/user-token';
export { type CredentialAttempt, type FailedAuth, FailedAuthEvents } from './failed-auth-events';
export { PlatformRoute, PublicWhenSigned, ServerRoute, UserRoute } from './http/access.guard';
export { OperatorAuth } from './http/operator-auth';
export { OperatorMetricsAccess } from './http/operator-metrics-access';
export { Operator, type OperatorContext } from './http/operator';
export { Idempotent, NewId } from './idempotency/idempotent';
export { FailedAuthLimiter } from './limits/failed-auth-limiter';
export {
  ALGORITHM_NAMES,
  type KnownUser,
  type ServerKeyRecord,
  ServerKeyStore,
  SessionDirectory,
  type SigningKey,
  SigningKeyStore,
  TOKEN_ALGORITHMS,
  type TokenAlgorithm,
  UserDirectory,
  algorithmNamed,
} from './ports';
export { TokenSocketAuthenticator } from './socket/token-socket-authenticator';
export { TenantAuditEvents } from './tenant-audit-events';
