import type { KeyObject } from 'node:crypto';
import type { RequestContext, TenantId, UserReference } from '#caas/kernel';

/** What access asks of others. The control plane answers for keys, users for users and sessions. At most 5 s old, all of it. */
export interface ServerKeyRecord {
  id: string;
  tenantId: TenantId;
  /** SHA-256 of the secret. */
  hash: Buffer;
}

export abstract class ServerKeyStore {
  /** Null for a key that never was, was revoked, or expired. */
  abstract find(keyId: string): Promise<ServerKeyRecord | null>;
}

export const TOKEN_ALGORITHMS = ['HS256', 'RS256', 'ES256', 'EdDSA'] as const;
export type TokenAlgorithm = (typeof TOKEN_ALGORITHMS)[number];

/** Names of JOSE algorithms (RFC 7518, 8037), and the one of RFC 9864 that says the curve of EdDSA. */
export const ALGORITHM_NAMES = [...TOKEN_ALGORITHMS, 'Ed25519'] as const;

/** The algorithm that a JOSE header or key names, which may have two names; undefined for any other. */
export function algorithmNamed(name: unknown): TokenAlgorithm | undefined {
  return name === 'Ed25519' ? 'EdDSA' : TOKEN_ALGORITHMS.find((each) => each === name);
}

/** A key pins its algorithm: a token that claims another is refused whatever its signature. */
export interface SigningKey {
  kid: string;
  algorithm: TokenAlgorithm;
  key: KeyObject;
}

export abstract class SigningKeyStore {
  /** Null for one that never was or was revoked. */
  abstract find(tenantId: TenantId, kid: string): Promise<SigningKey | null>;

  /** The HS256 key that CaaS signs new tokens of a tenant with. @throws CaasError `no_signing_key` (409) */
  abstract current(tenantId: TenantId): Promise<SigningKey>;
}

export interface KnownUser {
  reference: UserReference;
  state: 'active' | 'deactivated' | 'deleted';
  /** Tokens that were made before this are not the user's any more; null for a user who was never deleted. */
  tokensFrom: Date | null;
}

export abstract class UserDirectory {
  /** Also deleted users; null for one that never was. `ctx` has a system actor: nobody is authenticated yet. */
  abstract find(ctx: RequestContext, externalId: string): Promise<KnownUser | null>;
}

export abstract class SessionDirectory {
  /** The hex id of the user whose session it is; null for one that never was, or was revoked. */
  abstract ownerOf(ctx: RequestContext, sessionId: string): Promise<string | null>;
}
