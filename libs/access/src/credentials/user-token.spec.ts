import { createPublicKey, createSecretKey, generateKeyPairSync, randomBytes, type KeyObject } from 'node:crypto';
import { SignJWT, UnsecuredJWT } from 'jose';
import { parseTenantId } from '#caas/kernel';
import { SigningKeyStore, type SigningKey, type TokenAlgorithm } from '../ports';
import type { CredentialAttempt } from '../failed-auth-events';
import { UserTokens } from './user-token';

const TENANT = parseTenantId('clnt_abcdef');
const nowSeconds = () => Math.floor(Date.now() / 1000);

class KeysInMemory extends SigningKeyStore {
  readonly keys = new Map<string, SigningKey>();
  lookups = 0;
  away: Error | null = null;

  override find(tenantId: string, kid: string): Promise<SigningKey | null> {
    this.lookups += 1;
    if (this.away) return Promise.reject(this.away);
    return Promise.resolve(this.keys.get(`${tenantId}:${kid}`) ?? null);
  }

  override current = () => Promise.resolve(this.keys.get(`${TENANT}:k`)!);

  set(kid: string, algorithm: TokenAlgorithm, key: KeyObject): void {
    this.keys.set(`${TENANT}:${kid}`, { kid, algorithm, key });
  }
}

describe('UserTokens', () => {
  const secret = createSecretKey(randomBytes(32));
  let keys: KeysInMemory;
  let tokens: UserTokens;
  let attempt: CredentialAttempt;
  beforeEach(() => {
    keys = new KeysInMemory();
    keys.set('k', 'HS256', secret);
    tokens = new UserTokens(keys);
  });

  const sign = (claims: object, { kid = 'k', alg = 'HS256', key = secret as KeyObject } = {}) =>
    new SignJWT({ tid: TENANT, sub: 'anna', exp: nowSeconds() + 600, ...claims })
      .setProtectedHeader({ alg, kid })
      .sign(key);
  const verify = (token: string) => tokens.verify(token, (attempt = { requestId: 'req_test' }));
  const refused = (token: string, code = 'token_invalid') =>
    expect(verify(token)).rejects.toMatchObject({ kind: 'unauthenticated', code });

  it('verifies what it issued', async () => {
    const { token, expiresAt } = await tokens.issue(TENANT, 'anna', { expiresInSeconds: 60, sessionId: 's' });
    expect(await verify(token)).toEqual({
      tenantId: TENANT,
      kid: 'k',
      externalId: 'anna',
      sessionId: 's',
      expiresAt: expiresAt.getTime() / 1000,
      issuedAt: expiresAt.getTime() / 1000 - 60,
    });
  });

  it.each([
    ['RS256', () => generateKeyPairSync('rsa', { modulusLength: 2048 })],
    ['ES256', () => generateKeyPairSync('ec', { namedCurve: 'P-256' })],
    ['EdDSA', () => generateKeyPairSync('ed25519')],
  ] as const)('verifies %s with a public key', async (alg, pair) => {
    const { publicKey, privateKey } = pair();
    keys.set('public', alg, publicKey);
    expect(await verify(await sign({}, { kid: 'public', alg, key: privateKey }))).toMatchObject({ externalId: 'anna' });
  });

  it.each([
    ['tid is missing', { tid: undefined }],
    ['tid is null', { tid: null }],
    ['tid is empty', { tid: '' }],
    ['tid is a list', { tid: [TENANT] }],
    ['sub is missing', { sub: undefined }],
    ['sub is "me"', { sub: 'me' }],
    ['sub is no external id', { sub: 'a b' }],
    ['sid is a number', { sid: 7 }],
  ])('asks nobody when %s', async (_what, claims) => {
    await refused(await sign(claims));
    expect(keys.lookups).toBe(0);
    expect(attempt).toEqual({ requestId: 'req_test' });
  });

  it.each(['', 'x', 'a.b.c', '.'.repeat(9000), 'e30.e30.'])('refuses %.20s', (token) => refused(token));

  it('refuses what has no signature, whatever it says of itself', async () => {
    const unsecured = new UnsecuredJWT({ tid: TENANT, sub: 'anna' }).setExpirationTime('1h').encode();
    const [, payload] = unsecured.split('.');
    const header = Buffer.from(JSON.stringify({ alg: 'none', kid: 'k' })).toString('base64url');
    await refused(`${header}.${payload}.`);
  });

  it('refuses another algorithm than the key’s, also under the same secret', async () => {
    await refused(await sign({}, { alg: 'HS512', key: createSecretKey(Buffer.alloc(64, 1)) }));
    const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    keys.set('rsa', 'RS256', publicKey);
    const asSecret = createSecretKey(Buffer.from(publicKey.export({ type: 'spki', format: 'pem' }).toString()));
    await refused(await sign({}, { kid: 'rsa', key: asSecret }));
  });

  it('wants an expiry, and tolerates clocks that are 30 s apart', async () => {
    await refused(await sign({ exp: undefined }));
    expect(await verify(await sign({ exp: nowSeconds() - 20 }))).toMatchObject({ externalId: 'anna' });
    await refused(await sign({ exp: nowSeconds() - 40 }), 'token_expired');
    await refused(await sign({ nbf: nowSeconds() + 60 }));
  });

  it('refuses a token it verified before once its key is revoked, replaced, or its time is over', async () => {
    const token = await sign({ exp: nowSeconds() + 1 });
    await verify(token);
    jest.useFakeTimers({ now: Date.now() + 40_000, doNotFake: ['nextTick', 'setImmediate'] });
    try {
      await refused(token, 'token_expired');
    } finally {
      jest.useRealTimers();
    }
    const lasting = await sign({});
    await verify(lasting);
    keys.set('k', 'HS256', createSecretKey(randomBytes(32)));
    await refused(lasting);
    keys.keys.clear();
    await refused(lasting);
  });

  it('says of a token that does not fit its tenant’s key whose it claims to be, and nothing that is in it', async () => {
    const common = { requestId: 'req_test', tenantId: TENANT };
    await refused(await sign({}, { key: createSecretKey(randomBytes(32)) }));
    expect(attempt).toEqual({ ...common, keyId: 'k', reason: 'wrong_secret' });
    await refused(await sign({}, { kid: 'nobodys' }));
    expect(attempt).toEqual({ ...common, keyId: 'nobodys', reason: 'unknown_key' });
    await refused(await sign({ exp: nowSeconds() - 60 }), 'token_expired');
    expect(attempt).toEqual({ ...common, keyId: 'k' });
  });

  it('asks for no key for a token whose time is over, and checks the signature of a forged one once', async () => {
    await refused(await sign({ exp: nowSeconds() - 60 }), 'token_expired');
    expect(keys.lookups).toBe(0);
    const { publicKey } = generateKeyPairSync('ed25519');
    keys.set('public', 'EdDSA', publicKey);
    const { privateKey: another } = generateKeyPairSync('ed25519');
    const forged = await sign({}, { kid: 'public', alg: 'EdDSA', key: another });
    const checked = jest.spyOn(crypto.subtle, 'verify');
    try {
      for (let tried = 0; tried < 5; tried += 1) await refused(forged);
      expect(checked).toHaveBeenCalledTimes(1);
    } finally {
      checked.mockRestore();
    }
    // Whether a token is forged depends on the key, which may be exchanged for another of its name.
    keys.set('public', 'EdDSA', createPublicKey(another));
    expect(await verify(forged)).toMatchObject({ externalId: 'anna' });
  });

  it('takes Ed25519 for another name of EdDSA (RFC 9864), under a key for that alone', async () => {
    const { publicKey, privateKey } = generateKeyPairSync('ed25519');
    keys.set('public', 'EdDSA', publicKey);
    const named = (alg: string, kid: string, key: KeyObject) => sign({}, { kid, alg, key });
    for (const alg of ['EdDSA', 'Ed25519']) {
      expect(await verify(await named(alg, 'public', privateKey))).toMatchObject({ externalId: 'anna' });
    }
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
    keys.set('rsa', 'RS256', rsa.publicKey);
    await refused(await named('Ed25519', 'rsa', privateKey));
    await refused(await named('RS256', 'public', rsa.privateKey));
    await refused(await named('RS512', 'rsa', rsa.privateKey));
    await refused(await named('PS256', 'rsa', rsa.privateKey));
  });

  it('blames no token for a database that is away', async () => {
    keys.away = new Error('connect ECONNREFUSED');
    await expect(verify(await sign({}))).rejects.toBe(keys.away);
    expect(attempt.reason).toBeUndefined();
  });
});
