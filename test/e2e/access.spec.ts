import { createHmac, createSecretKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import { exportJWK, SignJWT } from 'jose';
import { sharedSystem, waitFor } from '#caas/testing';

const system = sharedSystem();

const PAIRS = {
  RS256: () => generateKeyPairSync('rsa', { modulusLength: 2048 }),
  ES256: () => generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  EdDSA: () => generateKeyPairSync('ed25519'),
} as const;
/** Of each credential that does not fit. */
const TRIES = 10;
const pemOf = (key: KeyObject) => key.export({ type: 'spki', format: 'pem' }).toString();
const sign = (key: KeyObject, alg: string, kid: string, tid: string) =>
  new SignJWT({ tid }).setProtectedHeader({ alg, kid }).setSubject('anna').setExpirationTime('1h').sign(key);

describe('credentials', () => {
  const tenant = system.session('free', 'anna');
  const path = (rest: string) => `/platform/v1/tenants/${tenant.id}/${rest}`;
  const me = async (token: string, process = 0) => (await tenant.withToken(token, process).get('/v1/users/me')).status;

  it.each(Object.keys(PAIRS) as (keyof typeof PAIRS)[])(
    'takes tokens of a registered %s key until it is revoked, on every process',
    async (alg) => {
      const { publicKey, privateKey } = PAIRS[alg]();
      const made = await system.platform.post(path('signing-keys'), { public_key: pemOf(publicKey), kid: `k-${alg}` });
      expect(made).toMatchObject({ status: 201, body: { kid: `k-${alg}`, algorithm: alg } });
      expect(made.body).not.toHaveProperty('secret');
      const token = await sign(privateKey, alg, `k-${alg}`, tenant.id);
      expect([await me(token, 0), await me(token, 1)]).toEqual([200, 200]);
      const stranger = await sign(PAIRS[alg]().privateKey, alg, `k-${alg}`, tenant.id);
      expect(await me(stranger)).toBe(401);
      expect((await system.platform.delete(path(`signing-keys/k-${alg}`))).status).toBe(204);
      await waitFor('both refuse it', 5000, async () => (await me(token, 0)) === 401 && (await me(token, 1)) === 401);
    },
  );

  it('does not take the text of a public key for a secret', async () => {
    const { publicKey } = PAIRS.RS256();
    await system.platform.post(path('signing-keys'), { public_key: pemOf(publicKey), kid: 'confused' });
    const b64 = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const exp = Math.floor(Date.now() / 1000) + 600;
    const signed = `${b64({ alg: 'HS256', kid: 'confused' })}.${b64({ tid: tenant.id, sub: 'anna', exp })}`;
    expect(await me(`${signed}.${createHmac('sha256', pemOf(publicKey)).update(signed).digest('base64url')}`)).toBe(
      401,
    );
  });

  it('refuses a private key, a weak one, and both kinds at once', async () => {
    const { privateKey } = PAIRS.ES256();
    const weak = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey;
    const bodies = [
      { public_key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() },
      { public_key: pemOf(weak) },
      { public_key: 'nonsense' },
      { jwks_url: 'http://example.com/jwks.json' },
      { jwks_url: 'file:///etc/passwd' },
      { public_key: pemOf(PAIRS.ES256().publicKey), jwks_url: 'https://example.com/jwks.json' },
    ];
    for (const body of bodies) {
      expect(await system.platform.post(path('signing-keys'), body)).toMatchObject({ status: 400 });
    }
  });

  describe('a JWKS URL', () => {
    let published: Server;
    const keys: object[] = [];
    beforeAll(async () => {
      published = createServer((_request, response) => response.end(JSON.stringify({ keys })));
      await new Promise<void>((resolve) => published.listen(0, '127.0.0.1', resolve));
    });
    afterAll(() => new Promise((resolve) => published.close(resolve)));

    it('is asked for the key that a token names', async () => {
      const { publicKey, privateKey } = PAIRS.EdDSA();
      keys.push({ ...(await exportJWK(publicKey)), kid: 'published-1', alg: 'EdDSA' });
      const { port } = published.address() as { port: number };
      const made = await system.platform.post(path('signing-keys'), { jwks_url: `http://127.0.0.1:${port}/jwks.json` });
      expect(made).toMatchObject({ status: 201, body: { algorithm: null } });
      expect(await me(await sign(privateKey, 'EdDSA', 'published-1', tenant.id))).toBe(200);
      expect(await me(await sign(PAIRS.EdDSA().privateKey, 'EdDSA', 'published-1', tenant.id))).toBe(401);
      expect(await me(await sign(privateKey, 'EdDSA', 'published-2', tenant.id))).toBe(401);
    });
  });

  it('rotates: an earlier secret and an earlier server key stay good beside the new ones until they are revoked', async () => {
    const before = await tenant.token('anna', { session: false });
    const { body: second } = await system.platform.post(path('server-keys'));
    const { body: newer } = await system.platform.post(path('signing-keys'), {});
    expect(newer).toMatchObject({ algorithm: 'HS256', secret: expect.any(String) });
    await waitFor('new tokens carry the new key', 5000, async () => {
      const token = await tenant.token('anna', { session: false });
      return JSON.parse(Buffer.from(token.split('.')[0]!, 'base64url').toString()).kid === newer.kid;
    });
    expect(await me(before)).toBe(200);
    expect((await system.caller(second.key).get('/v1/users')).status).toBe(200);
    expect((await tenant.server().get('/v1/users')).status).toBe(200);
    await system.platform.delete(path(`server-keys/${second.id}`));
    await waitFor(
      'the key is refused',
      5000,
      async () => (await system.caller(second.key).get('/v1/users')).status === 401,
    );
    await system.platform.delete(path(`signing-keys/${tenant.signingKey.kid}`));
    await waitFor('the old token is refused', 5000, async () => (await me(before)) === 401);
  });

  it('closes a socket whose signing key is revoked', async () => {
    const { body } = await system.platform.post(path('signing-keys'), {});
    const exp = Math.floor(Date.now() / 1000) + 600;
    const token = await new SignJWT({ tid: tenant.id })
      .setProtectedHeader({ alg: 'HS256', kid: body.kid })
      .setSubject('anna')
      .setExpirationTime(exp)
      .sign(new TextEncoder().encode(body.secret));
    const client = await tenant.connect(token, 1);
    await system.platform.delete(path(`signing-keys/${body.kid}`));
    await waitFor('it is closed', 5000, () => client.disconnectedBecause !== null);
  });

  it('knows nobody by a wrong platform key, and asks browsers for a password', async () => {
    expect(await system.caller('wrong').get('/platform/v1/tenants')).toMatchObject({ status: 401 });
    expect(await tenant.server().get('/platform/v1/tenants')).toMatchObject({ status: 401 });
    const board = await fetch(`${system.urls[0]}/admin/queues`);
    expect([board.status, board.headers.get('www-authenticate')]).toEqual([401, expect.stringContaining('Basic')]);
  });

  it('serves the pages of the queues, which get nothing from another host', async () => {
    const basic = Buffer.from(`admin:${system.platformKey}`).toString('base64');
    const board = await fetch(`${system.urls[0]}/admin/queues`, { headers: { Authorization: `Basic ${basic}` } });
    const policy = board.headers.get('content-security-policy') ?? '';
    expect([board.status, board.headers.get('content-type')]).toEqual([200, expect.stringContaining('text/html')]);
    expect(policy).toMatch(/default-src 'self'/);
    expect(policy).not.toMatch(/https?:|\*/);
  });

  it('writes down who did what, and no secret', async () => {
    const { body } = await system.platform.get(`/platform/v1/audit-log?tenant_id=${tenant.id}&limit=100`);
    const actions = body.data.map(({ action }: { action: string }) => action);
    expect(actions).toEqual(
      expect.arrayContaining(['tenant.created', 'signing_key.created', 'signing_key.revoked', 'server_key.revoked']),
    );
    for (const secret of [tenant.serverKey, tenant.signingKey.secret, 'PRIVATE KEY']) {
      expect(JSON.stringify(body)).not.toContain(secret);
    }
    expect(body.data.find(({ actor }: { actor: string }) => actor === 'platform:admin')).toMatchObject({
      tenant_id: tenant.id,
      request_id: expect.any(String),
    });
  });

  it('writes down a credential that does not fit: once, however often it is tried', async () => {
    const own = await system.tenant('free');
    const [, keyId] = own.serverKey.split('_');
    const forged = `sk_${keyId}_${tenant.serverKey.split('_').slice(2).join('_')}`;
    const token = await sign(createSecretKey(Buffer.alloc(32, 7)), 'HS256', own.signingKey.kid, own.id);
    for (let tried = 0; tried < TRIES; tried += 1) {
      expect(await system.caller(forged).get('/v1/users')).toMatchObject({
        status: 401,
        body: { code: 'key_invalid' },
      });
      expect(await system.caller(token).get('/v1/users')).toMatchObject({
        status: 401,
        body: { code: 'token_invalid' },
      });
    }
    const refusals = async () => {
      const { body } = await system.platform.get(`/platform/v1/audit-log?tenant_id=${own.id}`);
      return body.data.filter(({ action }: { action: string }) => action === 'credential.refused');
    };
    await waitFor('both are written down', 5000, async () => (await refusals()).length >= 2);
    const lines = await refusals();
    const details = lines.map((line: { details: object }) => line.details);
    // Two, unless a minute ended meanwhile: that has a line for what it counted, and the next one begins with a line.
    expect(details.length).toBeLessThan(TRIES);
    expect(details).toEqual(
      expect.arrayContaining([
        { credential: 'server_key', reason: 'wrong_secret', key_id: keyId },
        { credential: 'user_token', reason: 'wrong_secret', key_id: own.signingKey.kid },
      ]),
    );
    expect(JSON.stringify(lines)).not.toContain(token);
    expect(JSON.stringify(lines)).not.toContain(forged);
  });
});
