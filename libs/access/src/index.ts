export { AccessApiModule } from './access-api.module';
export { AccessModule } from './access.module';
export { Authenticator, type Credentials } from './authenticator';
export { PlatformKeys, type PlatformRole } from './credentials/platform-key';
export { ClaimedTenants } from './credentials/claimed-tenants';
export { newServerKey } from './credentials/server-key';
export { UserTokens, type VerifiedToken } from './credentials/user-token';
export { PlatformRoute, PublicRoute, PublicWhenSigned, ServerRoute, UserRoute } from './http/access.guard';
export { idempotencyKeys } from './idempotency/idempotency-key.schema';
export { Idempotent, NewId } from './idempotency/idempotent';
export { Operator, type OperatorContext } from './http/operator';
export {
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
export { CredentialRefusals, type CredentialRefusal } from './refusals';
export { TenantActs, type TenantAct } from './tenant-acts';
