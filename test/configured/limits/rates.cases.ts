import { Redis } from 'ioredis';
import { waitFor, type Answer, type Caller, type OwnSystem, type TenantSession } from '#caas/testing';
import { expectWithin, untilNew } from '../../support/staleness';
import { times } from './times';

const LIVE_WITHIN_MS = 2_000;
/** Of one address. Other suites of the system have some from theirs. */
export const BAD_CREDENTIALS_PER_MINUTE = 60;

const SEARCH = '/v1/search/messages?q=x';
const admitted = (answers: Answer[]) => answers.filter(({ status }) => status !== 429).length;

export function describeRates(system: OwnSystem): void {
  const grant = async (tenant: TenantSession, limits: Record<string, number | null>) => {
    const answer = await system.platform.patch(`/platform/v1/tenants/${tenant.id}/settings`, { limits });
    expect(answer.status).toBe(200);
  };

  describe('Rate limits', () => {
    let redis: Redis;
    let tenant: TenantSession;
    let anna: Caller;
    let ben: Caller;
    beforeAll(() => void (redis = new Redis(process.env['REDIS_URL']!)));
    afterAll(() => redis.disconnect());
    beforeEach(async () => {
      tenant = await system.tenant('free');
      await tenant.users('anna', 'ben');
      [anna, ben] = [tenant.as('anna'), tenant.as('ben')];
    });
    afterEach(() => tenant.disconnect());

    it('tell who calls what they may and what is left, a user of their own and the server of the tenant’s', async () => {
      const first = await anna.get('/v1/users/me');
      expect(first.headers.get('ratelimit-policy')).toBe('"user-read";q=100;w=10');
      expect(first.headers.get('ratelimit')).toMatch(/^"user-read";r=9\d;t=\d+$/);
      const server = await tenant.server().get('/v1/users');
      expect(server.headers.get('ratelimit-policy')).toBe('"tenant-read";q=100;w=1');
      expect(server.headers.get('ratelimit')).toMatch(/^"tenant-read";r=\d+;t=1$/);
      const acting = await tenant.acting('anna').get('/v1/users/me');
      expect(acting.headers.get('ratelimit-policy')).toBe('"tenant-read";q=100;w=1');
      const search = await anna.get(SEARCH);
      expect(search.headers.get('ratelimit-policy')).toBe('"user-search";q=60;w=60');
    });

    it('refuse a user with a problem and Retry-After, of both processes together no more than the rate', async () => {
      await grant(tenant, { user_searches_per_minute: 40 });
      const there = tenant.as('anna', 1);
      const asked = performance.now();
      const answers = await times(100, (call) => (call % 2 ? anna : there).get(SEARCH));
      const seconds = (performance.now() - asked) / 1000;
      // One more, had one process been asked nothing before the other has given all.
      expect(admitted(answers)).toBeGreaterThanOrEqual(39);
      expect(admitted(answers)).toBeLessThanOrEqual(41);
      const refused = answers.find(({ status }) => status === 429)!;
      expect(refused.body).toMatchObject({ code: 'rate_limited', status: 429, retry_after: expect.any(Number) });
      expect(refused.headers.get('content-type')).toContain('application/problem+json');
      const retryAfter = Number(refused.headers.get('retry-after'));
      expect(retryAfter).toBeGreaterThanOrEqual(60 - seconds);
      expect(retryAfter).toBeLessThanOrEqual(60);
      expect(refused.headers.get('ratelimit')).toMatch(/^"user-search";r=0;t=\d+$/);
      // Neither another class, nor another user, nor the tenant's server.
      expect((await anna.get('/v1/users/me')).status).toBe(200);
      expect((await ben.get(SEARCH)).status).toBe(200);
      expect((await tenant.acting('anna').get(SEARCH)).status).toBe(200);
    });

    it('hold a tenant to its own, whoever of it calls, and its neighbours to theirs', async () => {
      await grant(tenant, { searches_per_minute: 30, user_searches_per_minute: 1_000 });
      const callers = [anna, ben, tenant.as('anna', 1), tenant.acting('ben')];
      const answers = await times(80, (call) => callers[call % 4]!.get(SEARCH));
      // One less, when a process has fetched one ahead for callers of its own who did not come.
      expect([29, 30]).toContain(admitted(answers));
      const refused = answers.find(({ status }) => status === 429)!;
      expect(refused.headers.get('ratelimit-policy')).toBe('"tenant-search";q=30;w=60');
      const neighbour = await system.tenant('free');
      const carl = await neighbour.user('carl');
      expect(admitted(await times(20, () => carl.get(SEARCH)))).toBe(20);
    });

    it('count what is dear for more', async () => {
      await grant(tenant, { user_reads_per_minute: 40 });
      const answers = await times(12, () => anna.post('/v1/sync', { conversations: {} }));
      expect(admitted(answers)).toBe(8);
    });

    it('count a message of a socket like its call over REST, on every process', async () => {
      const room = await tenant.room('anna', ['ben'], { type: 'direct' });
      await grant(tenant, { user_sends_per_minute: 40 });
      const live = await tenant.socket('anna', 1);
      const overSocket = await times(25, (id) =>
        live.send('message.send', { conversation_id: room.id, client_message_id: `s${id}`, text: 'on' }),
      );
      expect(overSocket.filter(({ ok }) => ok)).toHaveLength(25);
      const overRest = await times(25, (id) =>
        anna.post(`${room.path}/messages`, { client_message_id: `r${id}`, text: 'on' }),
      );
      // A fifth of what was left, three, may be held by the process that the socket was at.
      expect(admitted(overRest)).toBeGreaterThanOrEqual(12);
      expect(admitted(overRest)).toBeLessThanOrEqual(15);
      const more = await times(3, (id) =>
        live.send('message.send', { conversation_id: room.id, client_message_id: `x${id}`, text: 'on' }),
      );
      const refused = more.at(-1);
      expect(refused).toMatchObject({ ok: false, error: { status: 429, code: 'rate_limited' } });
      expect(refused.error.retry_after).toBeGreaterThan(0);
      // What the socket may still do.
      expect(await live.send('presence.get', { external_ids: ['ben'] })).toMatchObject({ ok: true });
    });

    it('are the tenant’s to choose below the ceiling of its tier, and above only the operator’s to grant', async () => {
      const set = (limits: object) => tenant.server().patch('/v1/settings', { limits });
      expect(await set({ user_sends_per_minute: 3_000 })).toMatchObject({ status: 200 });
      for (const limits of [{ user_sends_per_minute: 3_001 }, { sends_per_minute: 3_001 }, { reads_per_minute: 1e9 }]) {
        expect(await set(limits)).toMatchObject({ status: 400, body: { code: 'invalid_settings' } });
      }
      const path = `/platform/v1/tenants/${tenant.id}/settings`;
      for (const caller of [tenant.server(), anna]) {
        expect((await caller.patch(path, { limits: { sends_per_minute: 9_000 } })).status).toBe(401);
      }
      expect(await set({ granted: { limits: {} } })).toMatchObject({ status: 400 });
      const granted = await system.platform.patch(path, { limits: { sends_per_minute: 9_000 } });
      expect(granted.body).toMatchObject({
        granted: { limits: { sends_per_minute: 9_000 } },
        values: { limits: { sends_per_minute: 9_000, user_sends_per_minute: 3_000 } },
      });
      expect(await set({ sends_per_minute: 8_000 })).toMatchObject({ body: { limits: { sends_per_minute: 8_000 } } });
      expect(await set({ sends_per_minute: 9_001 })).toMatchObject({ status: 400 });
      const schema = await tenant.server().get('/v1/settings/schema');
      expect(schema.body.limits.sends_per_minute).toMatchObject({ maximum: 9_000, default: 9_000 });
      // Taken back, the tier's ceiling is cut to again.
      expect((await system.platform.patch(path, { limits: null })).body.values.limits.sends_per_minute).toBe(3_000);
      for (const changes of [
        { limits: { sends_per_minute: 'many' } },
        { limits: { other: 1 } },
        { typing: { enabled: false } },
      ]) {
        expect(await system.platform.patch(path, changes)).toMatchObject({ status: 400 });
      }
      const lines = async () => (await system.platform.get(`/platform/v1/audit-log?tenant_id=${tenant.id}`)).body.data;
      await waitFor('the grant is written down', 5_000, async () =>
        (await lines()).some(
          ({ action, actor }: Record<string, unknown>) => action === 'settings.granted' && actor === 'platform:admin',
        ),
      );
    });

    it('are others on every process within two seconds of a change, also for who is refused', async () => {
      const there = tenant.as('anna', 1);
      const answers = async (status: number) => (await there.get(SEARCH)).status === status;
      const limit = (user_searches_per_minute: number) =>
        tenant.server().patch('/v1/settings', { limits: { user_searches_per_minute } });
      await limit(20);
      await waitFor('it is refused', 5_000, () => answers(429));
      await limit(600);
      expectWithin(LIVE_WITHIN_MS, await untilNew('it is admitted', () => answers(200)));
      await limit(20);
      expectWithin(LIVE_WITHIN_MS, await untilNew('it is refused again', () => answers(429)));
    });

    it('are counted under keys that name the tenant', async () => {
      // The key is there for the second that it counts.
      await waitFor('its reads are counted', 5_000, async () => {
        await times(3, () => anna.get('/v1/users/me'));
        return (await redis.keys(`caas:limits:${tenant.id}:*`)).includes(`caas:limits:${tenant.id}:read:1`);
      });
      const others = (await redis.keys('caas:limits:*')).filter((key) => !key.startsWith('caas:limits:address:'));
      for (const key of others) expect(key).toMatch(/^caas:limits:clnt_[a-z0-9]{6,24}:/);
    });

    it('keep a user from connecting again and again', async () => {
      await grant(tenant, { user_connects_per_minute: 20 });
      const token = await tenant.token('anna');
      const outcomes = await times(30, (each) =>
        tenant.connect(token, each % 2).then(
          () => 'connected',
          (error: { data?: { code?: string; retry_after?: number } }) => error.data?.code,
        ),
      );
      const having = (wanted: string) => outcomes.filter((outcome) => outcome === wanted).length;
      expect([19, 20]).toContain(having('connected'));
      expect(having('rate_limited')).toBe(30 - having('connected'));
    });
  });

  describe('Bad credentials', () => {
    it('are refused by their address beyond a rate, and good ones from there are let in all the same', async () => {
      const tenant = await system.tenant('free');
      await tenant.user('anna');
      // As the proxy says, and not what the client adds before that.
      const from = (address: string) => ({
        'x-forwarded-for': `198.51.100.${Math.ceil(250 * Math.random())}, ${address}`,
      });
      const there = from('203.0.113.5');
      const [known, unknown] = [await tenant.token('anna'), await tenant.token('anna')];
      const as = (credential: string, headers = there) => system.caller(credential, headers).get('/v1/users');
      expect((await as(known)).status).toBe(200);
      const bad = await times(2 * BAD_CREDENTIALS_PER_MINUTE, (at) =>
        as(`sk_${'0'.repeat(12)}_${String(at).padEnd(43, 'x')}`),
      );
      const count = (status: number) => bad.filter((answer) => answer.status === status).length;
      expect([count(401), count(429)]).toEqual([BAD_CREDENTIALS_PER_MINUTE, BAD_CREDENTIALS_PER_MINUTE]);
      const refused = await as('nonsense');
      expect(refused).toMatchObject({ status: 429, body: { code: 'rate_limited' } });
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
      await expect(tenant.connect('nonsense', 0, there)).rejects.toMatchObject({
        data: { status: 429, code: 'rate_limited' },
      });
      // What verifies is let in, whatever its neighbours do.
      expect([(await as(known)).status, (await as(unknown)).status]).toEqual([200, 200]);
      // Another address is another's.
      expect([
        (await as('nonsense', from('203.0.113.6'))).status,
        (await as(unknown, from('203.0.113.6'))).status,
      ]).toEqual([401, 200]);
    });
  });
}
