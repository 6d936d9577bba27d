import { hash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import {
  decodeJwt,
  decodeProtectedHeader,
  errors,
  jwtVerify,
  SignJWT,
  type JWTPayload,
  type ProtectedHeaderParameters,
} from 'jose';
import { LRUCache } from 'lru-cache';
import { ExtractJwt, Strategy } from 'passport-jwt';
import { isExternalId, isTenantId, unauthenticated, type CaasError, type TenantId } from '#caas/kernel';
import type { CredentialAttempt } from '../failed-auth-events';
import { algorithmNamed, SigningKeyStore, type SigningKey } from '../ports';

const CLOCK_TOLERANCE_S = 30;
const MAX_VERIFIED_TOKENS = 20_000;
const MAX_FORGED_TOKENS = 10_000;
export const MAX_TOKEN_CHARACTERS = 8_192;
/** Key ids of identity providers: printable, and no longer than a name. */
const KID = /^[\x21-\x7e]{1,128}$/;

/** The claims of a verified token. */
export interface VerifiedToken {
  tenantId: TenantId;
  kid: string;
  externalId: string;
  sessionId: string | null;
  /** Seconds since 1970. */
  expiresAt: number;
  /** Seconds since 1970; null where the token does not say. */
  issuedAt: number | null;
}

/** A token that was verified before, and its key. */
interface Remembered {
  token: VerifiedToken;
  key: SigningKey;
}

/** The claims of a token before its signature is checked. */
interface Claims extends VerifiedToken {
  /** The algorithm that the header names. */
  algorithm: unknown;
}

/** The part of a request that passport-jwt reads, and the key. */
interface Passage {
  headers: { authorization: string };
  key: SigningKey;
}

type Done = (error: Error | null, value?: unknown) => void;

/**
 * The token's signature is invalid, or it has expired. A class of its own, to distinguish it from a failed lookup: an unreachable
 * database does not make a token forged.
 */
class NotVerified extends Error {
  override readonly name = 'NotVerified';
  readonly expired: boolean;

  constructor(cause: unknown) {
    super('not verified', { cause });
    this.expired = cause instanceof errors.JWTExpired;
  }
}

/*
 * passport-jwt takes the token out of the request and asks for the key; the signature itself is checked by jose, because the
 * library behind passport-jwt does not know EdDSA (docs/adr/0007). The exchange is passport-jwt's own seam `JwtVerifier`.
 */
(Strategy as unknown as { JwtVerifier: unknown }).JwtVerifier = (
  token: string,
  { key, algorithm }: SigningKey,
  _options: unknown,
  done: Done,
) => {
  jwtVerify(token, key, {
    algorithms: algorithm === 'EdDSA' ? ['EdDSA', 'Ed25519'] : [algorithm],
    clockTolerance: CLOCK_TOLERANCE_S,
    requiredClaims: ['exp', 'sub', 'tid'],
  }).then(
    ({ payload }) => done(null, payload),
    (error: unknown) => done(new NotVerified(error)),
  );
};

/**
 * Verifies and signs user tokens (RFC 7519). Anyone can make up tokens, so the cheapest checks come first: form and expiry, then
 * key and algorithm, and finally the signature. The signature of a token already found forged is not checked again.
 */
@Injectable()
export class UserTokens {
  private readonly verified = new LRUCache<string, Remembered>({ max: MAX_VERIFIED_TOKENS });
  /** Tokens that were not signed with the key that they name. A later key of the same name may have signed them. */
  private readonly forged = new LRUCache<string, SigningKey>({ max: MAX_FORGED_TOKENS });
  private readonly strategy = new Strategy(
    {
      jwtFromRequest: ExtractJwt.fromAuthHeaderAsBearerToken(),
      secretOrKeyProvider: ({ key }: Passage, _token: string, done: Done) => done(null, key),
    } as never,
    (payload: JWTPayload, done: Done) => done(null, payload),
  );

  constructor(private readonly keys: SigningKeyStore) {}

  /**
   * @param attempt receives the tenant and the key id that the token names
   * @throws CaasError 401 `token_invalid`, `token_expired`; 503 `unavailable`
   */
  async verify(token: string, attempt: CredentialAttempt): Promise<VerifiedToken> {
    if (token.length > MAX_TOKEN_CHARACTERS) throw refused();
    const digest = hash('sha256', token, 'base64');
    const known = this.verified.get(digest);
    if (known) return this.stillValid(known, attempt);
    const { algorithm, ...claimed } = claimsOf(token);
    const key = await this.keyOf(claimed, attempt);
    if (algorithmNamed(algorithm) !== key.algorithm || this.wasForged(digest, key)) throw notSigned(attempt);
    try {
      await this.pass({ headers: { authorization: `Bearer ${token}` }, key });
    } catch (error) {
      if (!(error instanceof NotVerified)) throw error;
      if (error.expired) throw expired();
      this.forged.set(digest, key);
      throw notSigned(attempt);
    }
    this.verified.set(digest, { token: claimed, key });
    return claimed;
  }

  /**
   * Signs a token for a user of the tenant with the tenant's current key. Its times are in whole seconds.
   * @param options `from`: the earliest time of issue
   */
  async issue(
    tenantId: TenantId,
    externalId: string,
    options: { expiresInSeconds: number; sessionId?: string; from?: Date | null },
  ): Promise<{ token: string; expiresAt: Date }> {
    const { kid, key, algorithm } = await this.keys.current(tenantId);
    const issuedAt = Math.floor(Math.max(Date.now(), options.from?.getTime() ?? 0) / 1000);
    const expiresAt = issuedAt + options.expiresInSeconds;
    const claims = { tid: tenantId, ...(options.sessionId ? { sid: options.sessionId } : {}) };
    const token = await new SignJWT(claims)
      .setProtectedHeader({ alg: algorithm, kid, typ: 'JWT' })
      .setSubject(externalId)
      .setIssuedAt(issuedAt)
      .setExpirationTime(expiresAt)
      .sign(key);
    return { token, expiresAt: new Date(expiresAt * 1000) };
  }

  /**
   * Checks a remembered token again: its key may have been revoked or replaced by another of the same name, and it may have
   * expired.
   */
  private async stillValid({ token, key }: Remembered, attempt: CredentialAttempt): Promise<VerifiedToken> {
    const now = await this.keyOf(token, attempt);
    if (!isSame(now, key)) throw refused();
    return token;
  }

  /** @throws CaasError 401 `token_invalid`, `token_expired` */
  private async keyOf({ tenantId, kid, expiresAt }: VerifiedToken, attempt: CredentialAttempt): Promise<SigningKey> {
    attempt.tenantId = tenantId;
    attempt.keyId = kid;
    if (expiresAt + CLOCK_TOLERANCE_S <= Date.now() / 1000) throw expired();
    const key = await this.keys.find(tenantId, kid);
    if (key) return key;
    attempt.reason = 'unknown_key';
    throw refused();
  }

  private wasForged(digest: string, key: SigningKey): boolean {
    const tried = this.forged.get(digest);
    return tried !== undefined && isSame(tried, key);
  }

  /** Runs the strategy as passport does: a fresh object per attempt, whose outcome methods settle the promise. @throws NotVerified */
  private pass(passage: Passage): Promise<JWTPayload> {
    return new Promise<JWTPayload>((resolve, reject) => {
      const outcome = { success: resolve, fail: reject, error: reject };
      Object.assign(Object.create(this.strategy) as Strategy, outcome).authenticate(passage as never);
    });
  }
}

const isSame = (one: SigningKey, other: SigningKey): boolean => one.key === other.key || one.key.equals(other.key);

function notSigned(attempt: CredentialAttempt): CaasError {
  attempt.reason = 'wrong_secret';
  return refused();
}

/** Reads the claims without trusting them. A malformed token is refused here, before any lookup. */
function claimsOf(token: string): Claims {
  let payload: JWTPayload;
  let header: ProtectedHeaderParameters;
  try {
    payload = decodeJwt(token);
    header = decodeProtectedHeader(token);
  } catch {
    throw refused();
  }
  const { tid, sub, sid, exp, iat } = payload;
  const { kid, alg: algorithm } = header;
  const wellFormed = isTenantId(tid) && isExternalId(sub) && typeof kid === 'string' && KID.test(kid);
  const hasSession = typeof sid === 'string' && sid !== '';
  if (!wellFormed || typeof exp !== 'number' || !(hasSession || sid === undefined)) throw refused();
  if (iat !== undefined && typeof iat !== 'number') throw refused();
  return {
    tenantId: tid,
    kid,
    externalId: sub,
    sessionId: hasSession ? sid : null,
    expiresAt: exp,
    issuedAt: iat ?? null,
    algorithm,
  };
}

const refused = (): CaasError => unauthenticated('token_invalid', 'The token is not valid.');
const expired = (): CaasError => unauthenticated('token_expired', 'The token has expired.');
