import { Injectable } from '@nestjs/common';
import {
  forbidden,
  invalid,
  isExternalId,
  unauthenticated,
  type RequestContext,
  type Tenant,
  type TenantId,
} from '#caas/kernel';
import { RequestContexts, TenantDirectory } from '#caas/tenancy';
import { ServerKeys } from './credentials/server-key';
import { UserTokens, type VerifiedToken } from './credentials/user-token';
import type { CredentialAttempt } from './failed-auth-events';
import { SessionDirectory, UserDirectory, type KnownUser } from './ports';

/** The credentials of a request. */
export interface Credentials {
  /** The header `Authorization`. */
  authorization: string | undefined;
  /** The header `X-Acting-User`. */
  actingUser: string | undefined;
  /** Receives the tenant and the key that the credential names. */
  attempt: CredentialAttempt;
}

/** Turns credentials into a RequestContext: the only way in for external callers. */
@Injectable()
export class Authenticator {
  constructor(
    private readonly tokens: UserTokens,
    private readonly serverKeys: ServerKeys,
    private readonly tenants: TenantDirectory,
    private readonly contexts: RequestContexts,
    private readonly users: UserDirectory,
    private readonly sessions: SessionDirectory,
  ) {}

  /**
   * @throws CaasError 401 `token_missing`, `token_invalid`, `token_expired`, `key_invalid`, `user_unknown`, `user_deleted`,
   *   `session_revoked`, `token_revoked`; 403 `tenant_suspended`, `user_deactivated`; 400 `acting_user_not_allowed`
   */
  async authenticate({ authorization, actingUser, attempt }: Credentials): Promise<RequestContext> {
    const bearer = bearerOf(authorization);
    if (bearer.startsWith('sk_')) return this.byServerKey(bearer, actingUser, attempt);
    if (actingUser !== undefined) {
      throw invalid(
        'acting_user_not_allowed',
        'X-Acting-User goes with a server key; a token speaks for its own user.',
      );
    }
    return this.contextOf(await this.tokens.verify(bearer, attempt), attempt.requestId);
  }

  /** The context of a verified token. Tenant, user and session are checked again on each call. */
  async contextOf(token: VerifiedToken, requestId: string): Promise<RequestContext> {
    const tenant = await this.activeTenant(token.tenantId, 'token_invalid');
    const { sessionId } = token;
    const [{ reference: user, tokensFrom }, sessionOwner] = await Promise.all([
      this.activeUser(tenant, token.externalId, requestId),
      sessionId === null ? null : this.sessions.ownerOf(this.lookupContext(tenant, requestId), sessionId),
    ]);
    if (sessionId !== null && sessionOwner !== user.user_id.toHexString()) {
      throw unauthenticated('session_revoked', 'This session has ended.');
    }
    if (tokensFrom && (token.issuedAt ?? 0) * 1000 < tokensFrom.getTime()) {
      throw unauthenticated(
        'token_revoked',
        'This token is older than the deletion of its user. Tokens that are newer say so by iat.',
      );
    }
    return this.contexts.open(tenant, { kind: 'user', user, via: 'token', sessionId }, requestId);
  }

  private async byServerKey(
    key: string,
    actingUser: string | undefined,
    attempt: CredentialAttempt,
  ): Promise<RequestContext> {
    const record = await this.serverKeys.verify(key, attempt);
    const { requestId } = attempt;
    const tenant = await this.activeTenant(record.tenantId, 'key_invalid');
    if (actingUser === undefined) return this.contexts.open(tenant, { kind: 'server', keyId: record.id }, requestId);
    if (!isExternalId(actingUser)) throw unauthenticated('user_unknown', 'X-Acting-User names nobody.');
    const { reference: user } = await this.activeUser(tenant, actingUser, requestId);
    return this.contexts.open(tenant, { kind: 'user', user, via: 'server_key', sessionId: null }, requestId);
  }

  private async activeTenant(id: TenantId, codeWhenAbsent: string): Promise<Tenant> {
    const tenant = await this.tenants.find(id);
    if (!tenant) throw unauthenticated(codeWhenAbsent, 'The credential is not valid.');
    if (tenant.status === 'suspended') throw forbidden('tenant_suspended', 'This tenant is suspended.');
    return tenant;
  }

  private async activeUser(tenant: Tenant, externalId: string, requestId: string): Promise<KnownUser> {
    const known = await this.users.find(this.lookupContext(tenant, requestId), externalId);
    if (!known)
      throw unauthenticated('user_unknown', 'There is no such user. Create them with PUT /v1/users/:external_id.');
    if (known.state === 'deleted') throw unauthenticated('user_deleted', 'This user was deleted.');
    if (known.state === 'deactivated') throw forbidden('user_deactivated', 'This user is deactivated.');
    return known;
  }

  private lookupContext(tenant: Tenant, requestId: string): RequestContext {
    return this.contexts.open(tenant, { kind: 'system', name: 'access' }, requestId);
  }
}

function bearerOf(authorization: string | undefined): string {
  const [scheme = '', value = '', ...rest] = authorization?.split(' ') ?? [];
  if (/^bearer$/i.test(scheme) && value !== '' && rest.length === 0) return value;
  throw unauthenticated('token_missing', 'Send "Authorization: Bearer <server key or user token>".');
}
