import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createSecretKey, generateKeyPairSync, randomBytes, type KeyObject } from 'node:crypto';
import { exportJWK, SignJWT } from 'jose';
import { ownSystem, TIERS, waitFor, type Answer, type TenantSession } from '#caas/testing';

const LIMIT = 30;
const system = ownSystem({
  logLevel: 'error',
  apps: ['api', 'worker'],
  environment: { RATE_LIMITS_FACTOR: '1', UNAUTHENTICATED_PER_MINUTE: String(LIMIT), TRUSTED_PROXIES: '1' },
});

const times = <T>(count: number, call: (at: number) => Promise<T>) =>
  Promise.all(Array.from({ length: count }, (_, at) => call(at)));
const inSeconds = (seconds: number) => Math.floor(Date.now() / 1000) + seconds;

/** Each test comes from addresses of its own: what was spent from one stays spent for a minute. */
let networks = 0;
const ownAddress = () => `198.18.${(networks += 1)}.${Math.ceil(250 * Math.random())}`;
const through = (entry: string) => ({ 'x-forwarded-for': `203.0.113.${networks}, ${entry}` });

const sign = (tid: string, sub: string, kid: string, key: KeyObject, alg = 'HS256', exp = inSeconds(600)) =>
  new SignJWT({ tid, sub, exp }).setProtectedHeader({ alg, kid }).sign(key);
const nonsense = () => `sk_${randomBytes(6).toString('hex')}_${randomBytes(32).toString('base64url')}`;
const basic = (key: string) => ({ authorization: `Basic ${Buffer.from(`admin:${key}`).toString('base64')}` });
const count = (answers: Answer[], status: number) => answers.filter((answer) => answer.status === status).length;

const board = (headers: Record<string, string>) => system.caller(null).raw('GET', '/admin/queues/', headers);

interface Line {
  action: string;
  tenant_id: string | null;
  details: Record<string, unknown>;
}
const refusedLines = async (query = ''): Promise<Line[]> => {
  const { body } = await system.platform.get(`/platform/v1/audit-log?limit=100${query}`);
  return (body as { data: Line[] }).data.filter(({ action }) => action === 'credential.refused');
};

describe.each(TIERS)('What verifies, on the tier %s, from an address that is beyond its limit', (tier) => {
  const tenant = system.session(tier, 'anna', 'ben');
  const address = ownAddress();
  const headers = through(address);
  let file: string;

  beforeAll(async () => {
    const form = new FormData();
    form.set('file', new Blob(['hello']), 'hello.txt');
    const made = await tenant.as('anna').raw('POST', '/v1/files', {}, form);
    file = `/v1/files/${((await made.json()) as { id: string }).id}`;
    await waitFor('it is processed', 15_000, async () => (await tenant.as('anna').get(file)).body.status === 'ready');
    // Of every kind: made-up keys, tenants and kids, forged, expired and malformed tokens.
    const { kid, secret } = tenant.signingKey;
    const [right, wrong] = [createSecretKey(Buffer.from(secret)), createSecretKey(randomBytes(32))];
    const bad = [
      nonsense,
      () => 'nonsense',
      () => sign('clnt_nobody', 'anna', kid, wrong),
      () => sign(tenant.id, 'anna', randomBytes(4).toString('hex'), wrong),
      () => sign(tenant.id, 'anna', kid, wrong),
      () => sign(tenant.id, 'anna', kid, right, 'HS256', inSeconds(-3600)),
      () => sign(tenant.id, 'nobody', kid, right),
    ];
    const answers = await times(4 * LIMIT, async (at) =>
      system.caller(await bad[at % bad.length]!(), headers).get('/v1/users/me'),
    );
    expect(count(answers, 401)).toBeLessThanOrEqual(LIMIT + 1);
    expect(count(answers, 401) + count(answers, 429)).toBe(answers.length);
  });

  const fresh = () => tenant.token('anna');

  it('is let in: tokens that nobody has shown before, server keys, sockets and links', async () => {
    const tokens = await times(10, fresh);
    for (const token of tokens) expect((await system.caller(token, headers).get('/v1/users/me')).status).toBe(200);
    const { body: made } = await system.platform.post(`/platform/v1/tenants/${tenant.id}/server-keys`);
    expect((await system.caller((made as { key: string }).key, headers).get('/v1/users')).status).toBe(200);
    const live = await tenant.connect(await fresh(), 0, headers);
    expect(await live.send('session.renew', { token: await fresh() })).toMatchObject({ ok: true });
    const { body: link } = await tenant.as('anna').post(`${file}/links`, { expires_in: 60 });
    expect((await fetch((link as { url: string }).url, { headers })).status).toBe(200);
  });

  it('is let in: the platform key, by Bearer, Basic and at Bull Board', async () => {
    const key = system.platformKey;
    expect((await system.caller(key, headers).get('/platform/v1/tenants')).status).toBe(200);
    for (const way of [basic(key), { authorization: `Bearer ${key}` }]) {
      expect((await system.caller(null).raw('GET', '/platform/v1/tenants', { ...way, ...headers })).status).toBe(200);
      expect((await board({ ...way, ...headers })).status).toBe(200);
    }
  });

  it('and nothing else is: 429 and Retry-After, for each kind of credential', async () => {
    const calls = [
      () => system.caller('nonsense', headers).get('/v1/users/me'),
      () => system.caller(nonsense(), headers).get('/v1/users'),
      () => system.caller('wrong', headers).get('/platform/v1/tenants'),
      () => system.caller(null, { ...headers, ...basic('wrong') }).get('/platform/v1/tenants'),
      () => system.caller(null, headers).get(`${file}/content?tenant=${tenant.id}&expires=9999999999&signature=x`),
      () => system.caller(null, headers).get('/v1/users/me'),
    ];
    for (const call of calls) {
      const { status, body, headers: answered } = await call();
      expect([status, (body as { code: string }).code]).toEqual([429, 'rate_limited']);
      expect(Number(answered.get('retry-after'))).toBeGreaterThan(0);
    }
    const refused = await board({ ...basic('wrong'), ...headers });
    expect([refused.status, Number(refused.headers.get('retry-after')) > 0]).toEqual([429, true]);
    await expect(tenant.connect('nonsense', 0, headers)).rejects.toMatchObject({
      data: { status: 429, code: 'rate_limited', retry_after: expect.any(Number) },
    });
    expect((await system.caller('nonsense', through(ownAddress())).get('/v1/users/me')).status).toBe(401);
  });
});

describe('An address', () => {
  const guess = (entry: string) => system.caller('nonsense', through(entry)).get('/v1/users/me');

  it.each([
    ['an IPv4 address with any port', (at: number) => `192.0.2.50:${40_000 + at}`, '192.0.2.51:40000'],
    ['an IPv4 address mapped into IPv6', (at: number) => `[::ffff:192.0.2.60]:${40_000 + at}`, '::ffff:192.0.2.61'],
    ['an IPv6 /64', (at: number) => `[2001:db8:5::${at.toString(16)}]:${40_000 + at}`, '[2001:db8:5:1::1]:443'],
    ['a quoted IPv6 /64', (at: number) => `"[2001:db8:6::${at.toString(16)}]"`, '"[2001:db8:6:1::1]"'],
  ])('is %s', async (_what, entry, another) => {
    const answers = await times(LIMIT + 10, (at) => guess(entry(at)));
    expect([count(answers, 401) <= LIMIT + 1, count(answers, 429) >= 9]).toEqual([true, true]);
    expect((await guess(another)).status).toBe(401);
  });

  it('is nothing that a client says of itself, nor junk', async () => {
    const address = ownAddress();
    const answers = await times(LIMIT + 10, (at) => {
      const said = at % 2 ? `unknown, 10.0.0.${at}:1, ${address}` : `192.0.2.${at},, "junk" , ${address},`;
      return system.caller('nonsense', { 'x-forwarded-for': said }).get('/v1/users/me');
    });
    expect(count(answers, 429)).toBeGreaterThanOrEqual(9);
  });
});

describe('Refused credentials are in the audit log', () => {
  it('once for each kind, however many there are: of platform keys with the address', async () => {
    const headers = through(ownAddress());
    const wrong = Array.from({ length: 100 }, (_, at) => `wrong-platform-key-${at}`);
    await Promise.all(
      wrong.map((key, at) => {
        if (at % 3 === 0) return system.caller(key, headers).get('/platform/v1/tenants');
        return at % 3 === 1
          ? board({ ...basic(key), ...headers })
          : board({ authorization: `Bearer ${key}`, ...headers });
      }),
    );
    const address = headers['x-forwarded-for'].split(', ')[1]!;
    const own = async () => (await refusedLines()).filter(({ details }) => details.address === address);
    await waitFor('it is written down', 5_000, async () => (await own()).length > 0);
    expect(await own()).toEqual([
      expect.objectContaining({
        tenant_id: null,
        details: { credential: 'platform_key', reason: 'platform_key_invalid', address },
      }),
    ]);
    expect(JSON.stringify(await refusedLines())).not.toContain('wrong-platform-key');
  });

  it('of tokens, keys, handshakes and links of a tenant, and nothing of them but public parts', async () => {
    const tenant = await system.tenant('free');
    await tenant.users('anna');
    const headers = through(ownAddress());
    const { kid, secret } = tenant.signingKey;
    const right = createSecretKey(Buffer.from(secret));
    const expired = await sign(tenant.id, 'anna', kid, right, 'HS256', inSeconds(-3600));
    const forged = await sign(tenant.id, 'anna', kid, createSecretKey(randomBytes(32)));
    const unknown = await sign(tenant.id, 'anna', 'another', right);
    const nobody = await sign(tenant.id, 'nobody', kid, right);
    const [, keyId] = tenant.serverKey.split('_');
    const guessed = `sk_${keyId}_${'A'.repeat(43)}`;
    for (const token of [expired, forged, nobody, guessed]) await system.caller(token, headers).get('/v1/users/me');
    await expect(tenant.connect(unknown, 0, headers)).rejects.toMatchObject({ data: { code: 'token_invalid' } });
    const file = '0123456789abcdef01234567';
    const link = `/v1/files/${file}/content?tenant=${tenant.id}&expires=9999999999&signature=guessed-signature`;
    expect((await system.caller(null, headers).get(link)).status).toBe(403);
    const own = async () =>
      (await refusedLines(`&tenant_id=${tenant.id}`)).map(
        ({ details: { credential, reason, key_id } }) => `${credential} ${reason} ${key_id}`,
      );
    const due = [
      `user_token token_expired ${kid}`,
      `user_token wrong_secret ${kid}`,
      `user_token user_unknown ${kid}`,
      'user_token unknown_key another',
      `server_key wrong_secret ${keyId}`,
      `file_link link_invalid ${file}`,
    ].sort();
    await waitFor('all are written down', 5_000, async () => (await own()).length >= due.length);
    expect((await own()).sort()).toEqual(due);
    const text = JSON.stringify(await refusedLines());
    for (const part of [
      expired,
      forged,
      unknown,
      guessed,
      'A'.repeat(43),
      'guessed-signature',
      headers['x-forwarded-for'],
    ]) {
      expect(text).not.toContain(part);
    }
  });
});

describe.each(TIERS)('Ed25519 on the tier %s', (tier) => {
  const tenant: TenantSession = system.session(tier, 'anna');
  const register = (body: object) => system.platform.post(`/platform/v1/tenants/${tenant.id}/signing-keys`, body);
  const headers = through(ownAddress());
  const me = async (token: string) => {
    const answer = await tenant.withToken(token).raw('GET', '/v1/users/me', headers);
    return answer.status;
  };
  let server: Server;
  let published: object[] = [];
  let url: string;

  beforeAll(async () => {
    server = createServer((_request, response) => response.end(JSON.stringify({ keys: published })));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks.json`;
  });
  afterAll(() => new Promise((resolve) => server.close(resolve)));

  it('is another name of EdDSA: in tokens, registered keys and published ones', async () => {
    const pair = generateKeyPairSync('ed25519');
    const jwk = await exportJWK(pair.publicKey);
    const made = await register({ public_key: { ...jwk, alg: 'Ed25519' }, algorithm: 'Ed25519', kid: 'registered' });
    expect(made).toMatchObject({ status: 201, body: { kid: 'registered', algorithm: 'EdDSA' } });
    published = [{ ...jwk, alg: 'Ed25519', kid: 'published', use: 'sig' }];
    expect((await register({ jwks_url: url })).status).toBe(201);
    for (const kid of ['registered', 'published']) {
      for (const alg of ['Ed25519', 'EdDSA']) {
        expect([kid, alg, await me(await sign(tenant.id, 'anna', kid, pair.privateKey, alg))]).toEqual([kid, alg, 200]);
      }
    }
  });

  it('stays pinned by the key', async () => {
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const ed = generateKeyPairSync('ed25519');
    const misnamed = { ...(await exportJWK(rsa.publicKey)), alg: 'Ed25519' };
    expect(await register({ public_key: misnamed })).toMatchObject({
      status: 400,
      body: { code: 'invalid_public_key' },
    });
    await register({ public_key: await exportJWK(rsa.publicKey), kid: 'rsa' });
    await register({ public_key: await exportJWK(ed.publicKey), kid: 'ed' });
    expect(await me(await sign(tenant.id, 'anna', 'rsa', ed.privateKey, 'Ed25519'))).toBe(401);
    expect(await me(await sign(tenant.id, 'anna', 'ed', rsa.privateKey, 'RS256'))).toBe(401);
    expect(await me(await sign(tenant.id, 'anna', 'rsa', rsa.privateKey, 'PS256'))).toBe(401);
    expect(await me(await sign(tenant.id, 'anna', 'rsa', rsa.privateKey, 'RS256'))).toBe(200);
  });
});
