import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { decodeJwt, decodeProtectedHeader, errors, jwtVerify, SignJWT, type JWTPayload } from 'jose';
import { LRUCache } from 'lru-cache';
import { ExtractJwt, Strategy } from 'passport-jwt';
import { isExternalId, isTenantId, unauthenticated, type CaasError, type TenantId } from '#caas/kernel';
import { SigningKeyStore, type SigningKey } from '../ports';

const CLOCK_TOLERANCE_S = 30;
const MAX_VERIFIED_TOKENS = 20_000;
const MAX_TOKEN_CHARACTERS = 8_192;
const KID = /^[A-Za-z0-9_-]{1,64}$/;

/** What a verified token says. */
export interface VerifiedToken {
  tenantId: TenantId;
  kid: string;
  externalId: string;
  sessionId: string | null;
  /** Seconds since 1970. */
  expiresAt: number;
}

type Done = (error: Error | null, value?: unknown) => void;

/*
 * passport-jwt takes the token out of the request and asks for the key; the signature itself is checked by jose, because the
 * library behind passport-jwt does not know EdDSA. The exchange is passport-jwt's own seam (`Strategy.JwtVerifier`).
 */
(Strategy as unknown as { JwtVerifier: unknown }).JwtVerifier = (
  token: string,
  { key, algorithm }: SigningKey,
  _options: unknown,
  done: Done,
) => {
  jwtVerify(token, key, {
    algorithms: [algorithm],
    clockTolerance: CLOCK_TOLERANCE_S,
    requiredClaims: ['exp', 'sub', 'tid'],
  }).then(
    ({ payload }) => done(null, payload),
    (error: Error) => done(error),
  );
};

/** Verifies and signs user tokens (RFC 7519). Everything in a token is checked for its form before anything is looked up. */
@Injectable()
export class UserTokens {
  private readonly verified = new LRUCache<string, VerifiedToken>({ max: MAX_VERIFIED_TOKENS });
  private readonly strategy: Strategy;

  constructor(private readonly keys: SigningKeyStore) {
    this.strategy = new Strategy(
      {
        jwtFromRequest: ExtractJwt.fromAuthHeaderAsBearerToken(),
        secretOrKeyProvider: (_request: unknown, token: string, done: Done) => {
          this.keyOf(token).then(
            (key) => done(null, key),
            (error: Error) => done(error),
          );
        },
      } as never,
      (payload: JWTPayload, done: Done) => done(null, payload),
    );
  }

  /** @throws CaasError 401 `token_invalid`, `token_expired` */
  async verify(token: string): Promise<VerifiedToken> {
    const digest = createHash('sha256').update(token).digest('base64');
    const known = this.verified.get(digest);
    if (known) return this.stillValid(known);
    const claims = claimsOf(token);
    const payload = await this.pass(token);
    const fresh: VerifiedToken = { ...claims, expiresAt: payload.exp! };
    this.verified.set(digest, fresh);
    return fresh;
  }

  /** Signs a token for a user of the tenant with the tenant's current key. `expires_at` is in whole seconds. */
  async issue(
    tenantId: TenantId,
    externalId: string,
    options: { expiresInSeconds: number; sessionId?: string },
  ): Promise<{ token: string; expiresAt: Date }> {
    const { kid, key, algorithm } = await this.keys.current(tenantId);
    const expiresAt = Math.floor(Date.now() / 1000) + options.expiresInSeconds;
    const claims = { tid: tenantId, ...(options.sessionId ? { sid: options.sessionId } : {}) };
    const token = await new SignJWT(claims)
      .setProtectedHeader({ alg: algorithm, kid, typ: 'JWT' })
      .setSubject(externalId)
      .setIssuedAt()
      .setExpirationTime(expiresAt)
      .sign(key);
    return { token, expiresAt: new Date(expiresAt * 1000) };
  }

  /** A token that was verified before: its key may have been revoked since, and its time may have run out. */
  private async stillValid(token: VerifiedToken): Promise<VerifiedToken> {
    if (token.expiresAt + CLOCK_TOLERANCE_S <= Date.now() / 1000) throw expired();
    if (!(await this.keys.find(token.tenantId, token.kid))) throw refused();
    return token;
  }

  private async keyOf(token: string): Promise<SigningKey> {
    const { tenantId, kid } = claimsOf(token);
    const key = await this.keys.find(tenantId, kid);
    if (!key) throw refused();
    return key;
  }

  /** Runs the strategy as passport does: a fresh object per attempt, whose outcome methods settle it. */
  private pass(token: string): Promise<JWTPayload> {
    return new Promise((resolve, reject) => {
      const attempt = Object.assign(Object.create(this.strategy) as Strategy, {
        success: resolve,
        fail: (reason: Error) => reject(reason instanceof errors.JWTExpired ? expired() : refused()),
        error: () => reject(refused()),
      });
      attempt.authenticate({ headers: { authorization: `Bearer ${token}` } } as never);
    });
  }
}

/** Reads the claims without believing them: what is not of the right form ends here, before any look-up. */
function claimsOf(token: string): Omit<VerifiedToken, 'expiresAt'> {
  if (token.length > MAX_TOKEN_CHARACTERS) throw refused();
  let payload: JWTPayload;
  let kid: unknown;
  try {
    payload = decodeJwt(token);
    kid = decodeProtectedHeader(token).kid;
  } catch {
    throw refused();
  }
  const { tid, sub, sid } = payload;
  const wellFormed = isTenantId(tid) && isExternalId(sub) && typeof kid === 'string' && KID.test(kid);
  if (!wellFormed || (sid !== undefined && (typeof sid !== 'string' || sid === ''))) throw refused();
  return { tenantId: tid, kid: kid as string, externalId: sub!, sessionId: sid === undefined ? null : (sid as string) };
}

const refused = (): CaasError => unauthenticated('token_invalid', 'The token is not valid.');
const expired = (): CaasError => unauthenticated('token_expired', 'The token has expired.');
