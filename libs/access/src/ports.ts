import type { KeyObject } from 'node:crypto';
import type { RequestContext, TenantId, UserReference } from '#caas/kernel';

/**
 * A server key as its store returns it. The control plane implements the ports for keys, the users library those for users and
 * sessions. All answers are at most 5 s old.
 */
export interface ServerKeyRecord {
  id: string;
  tenantId: TenantId;
  /** SHA-256 of the secret. */
  hash: Buffer;
}

export abstract class ServerKeyStore {
  /** Null for a key that never existed, was revoked, or has expired. */
  abstract find(keyId: string): Promise<ServerKeyRecord | null>;
}

export const TOKEN_ALGORITHMS = ['HS256', 'RS256', 'ES256', 'EdDSA'] as const;
export type TokenAlgorithm = (typeof TOKEN_ALGORITHMS)[number];

/** Names of JOSE algorithms (RFC 7518, 8037), and the name of RFC 9864 that includes the curve of EdDSA. */
export const ALGORITHM_NAMES = [...TOKEN_ALGORITHMS, 'Ed25519'] as const;

/** The algorithm that a JOSE header or key names (one has two names); undefined for any other name. */
export function algorithmNamed(name: unknown): TokenAlgorithm | undefined {
  return name === 'Ed25519' ? 'EdDSA' : TOKEN_ALGORITHMS.find((each) => each === name);
}

/** A key fixes its algorithm: a token that names another is refused whatever its signature. */
export interface SigningKey {
  kid: string;
  algorithm: TokenAlgorithm;
  key: KeyObject;
}

export abstract class SigningKeyStore {
  /** Null for a key that never existed or was revoked. */
  abstract find(tenantId: TenantId, kid: string): Promise<SigningKey | null>;

  /** The HS256 key that CaaS signs new tokens of a tenant with. @throws CaasError `no_signing_key` (409) */
  abstract current(tenantId: TenantId): Promise<SigningKey>;
}

export interface KnownUser {
  reference: UserReference;
  state: 'active' | 'deactivated' | 'deleted';
  /** Tokens issued before this time are invalid for this user; null for a user who was never deleted. */
  tokensFrom: Date | null;
}

export abstract class UserDirectory {
  /** Also finds deleted users; null for a user who never existed. `ctx` has a system actor, since nobody is authenticated yet. */
  abstract find(ctx: RequestContext, externalId: string): Promise<KnownUser | null>;
}

export abstract class SessionDirectory {
  /** The hex id of the session's user; null for a session that never existed or was revoked. */
  abstract ownerOf(ctx: RequestContext, sessionId: string): Promise<string | null>;
}
