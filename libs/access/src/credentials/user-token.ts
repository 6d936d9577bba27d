import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { decodeJwt, decodeProtectedHeader, errors, jwtVerify, SignJWT, type JWTPayload } from 'jose';
import { LRUCache } from 'lru-cache';
import { ExtractJwt, Strategy } from 'passport-jwt';
import { isExternalId, isTenantId, unauthenticated, type CaasError, type TenantId } from '#caas/kernel';
import { SigningKeyStore, type SigningKey } from '../ports';
import { CredentialRefusals, type CredentialRefusal } from '../refusals';

const CLOCK_TOLERANCE_S = 30;
const MAX_VERIFIED_TOKENS = 20_000;
export const MAX_TOKEN_CHARACTERS = 8_192;
/** Whatever an identity provider may call its keys: printable, and no longer than a name. */
const KID = /^[\x21-\x7e]{1,128}$/;

/** What a verified token says. */
export interface VerifiedToken {
  tenantId: TenantId;
  kid: string;
  externalId: string;
  sessionId: string | null;
  /** Seconds since 1970. */
  expiresAt: number;
}

/** One that was verified before, and the key it was verified with. */
interface Remembered {
  token: VerifiedToken;
  key: SigningKey;
}

type Claims = Omit<VerifiedToken, 'expiresAt'>;

/** As much of a request as passport-jwt looks at, and what the look-up of the key needs and finds. */
interface Attempt {
  headers: { authorization: string };
  claims: Claims;
  requestId: string;
  key?: SigningKey;
}

type Done = (error: Error | null, value?: unknown) => void;

/** The token does not stand under its key. Told apart from a look-up that failed: a database away is nobody's forgery. */
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
    algorithms: [algorithm],
    clockTolerance: CLOCK_TOLERANCE_S,
    requiredClaims: ['exp', 'sub', 'tid'],
  }).then(
    ({ payload }) => done(null, payload),
    (error: unknown) => done(new NotVerified(error)),
  );
};

/** Verifies and signs user tokens (RFC 7519). Everything in a token is checked for its form before anything is looked up. */
@Injectable()
export class UserTokens {
  private readonly verified = new LRUCache<string, Remembered>({ max: MAX_VERIFIED_TOKENS });
  private readonly strategy: Strategy;

  constructor(
    private readonly keys: SigningKeyStore,
    private readonly refusals: CredentialRefusals,
  ) {
    this.strategy = new Strategy(
      {
        jwtFromRequest: ExtractJwt.fromAuthHeaderAsBearerToken(),
        secretOrKeyProvider: (attempt: Attempt, _token: string, done: Done) => {
          this.keyOf(attempt.claims, attempt.requestId).then((key) => done(null, (attempt.key = key)), done);
        },
      } as never,
      (payload: JWTPayload, done: Done) => done(null, payload),
    );
  }

  /**
   * @param requestId names the request in the audit log when the token is refused
   * @throws CaasError 401 `token_invalid`, `token_expired`
   */
  async verify(token: string, requestId: string): Promise<VerifiedToken> {
    const digest = createHash('sha256').update(token).digest('base64');
    const known = this.verified.get(digest);
    if (known) return this.stillValid(known, requestId);
    const claims = claimsOf(token);
    const attempt: Attempt = { headers: { authorization: `Bearer ${token}` }, claims, requestId };
    const payload = await this.pass(attempt);
    const fresh: VerifiedToken = { ...claims, expiresAt: payload.exp! };
    this.verified.set(digest, { token: fresh, key: attempt.key! });
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

  /** The key may have been revoked since, or replaced by another of the same name, and the token's time may have run out. */
  private async stillValid({ token, key }: Remembered, requestId: string): Promise<VerifiedToken> {
    if (token.expiresAt + CLOCK_TOLERANCE_S <= Date.now() / 1000) throw expired();
    const now = await this.keyOf(token, requestId);
    if (now.key !== key.key && !now.key.equals(key.key)) throw refused();
    return token;
  }

  /** @throws CaasError 401 `token_invalid` */
  private async keyOf(claims: Claims, requestId: string): Promise<SigningKey> {
    const key = await this.keys.find(claims.tenantId, claims.kid);
    if (key) return key;
    this.tell('unknown_key', claims, requestId);
    throw refused();
  }

  /** Runs the strategy as passport does: a fresh object per attempt, whose outcome methods settle it. */
  private async pass(attempt: Attempt): Promise<JWTPayload> {
    try {
      return await new Promise<JWTPayload>((resolve, reject) => {
        const outcome = { success: resolve, fail: reject, error: reject };
        Object.assign(Object.create(this.strategy) as Strategy, outcome).authenticate(attempt as never);
      });
    } catch (error) {
      if (!(error instanceof NotVerified)) throw error;
      if (error.expired) throw expired();
      this.tell('wrong_secret', attempt.claims, attempt.requestId);
      throw refused();
    }
  }

  private tell(reason: CredentialRefusal['reason'], { tenantId, kid }: Claims, requestId: string): void {
    this.refusals.add({ credential: 'user_token', reason, tenantId, keyId: kid, requestId });
  }
}

/** Reads the claims without believing them: what is not of the right form ends here, before any look-up. */
function claimsOf(token: string): Claims {
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
