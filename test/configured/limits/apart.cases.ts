import { Redis } from 'ioredis';
import {
  TIERS,
  waitFor,
  type Answer,
  type Caller,
  type LiveClient,
  type OwnSystem,
  type TenantSession,
} from '#caas/testing';

/*
 * Attack 39 of the forty: A at a hundred times its quota. That B is served as fast as ever beside it is measured where nothing else
 * runs, by `npm run bench:messaging flood`; here, that nothing of B's budgets is spent or seen by A, whatever A sends.
 */
const QUOTA = 20;
const TIMES = 100;
const AT_ONCE = 50;

const remainingOf = ({ headers }: Answer) => Number(/;r=(\d+)/.exec(headers.get('ratelimit') ?? '')![1]);

export function describeTenantsApart(system: OwnSystem): void {
  let redis: Redis;
  beforeAll(() => void (redis = new Redis(process.env['REDIS_URL']!)));
  afterAll(() => redis.disconnect());

  describe.each(TIERS)('39: A at a hundred times its quota, both %s', (tier) => {
    // Namesakes: nothing but the tenant tells them apart.
    const [a, b] = [system.session(tier, 'anna'), system.session(tier, 'anna')];
    const [ofA, ofB] = [a.as('anna'), b.as('anna')];
    let live: LiveClient;
    beforeAll(async () => {
      const limits = { searches_per_minute: QUOTA, sends_per_minute: QUOTA };
      await system.platform.patch(`/platform/v1/tenants/${a.id}/settings`, { limits });
      live = await a.socket('anna');
    });

    const search = (caller: Caller, headers: Record<string, string> = {}) =>
      caller.call('GET', '/v1/search/messages?q=x', undefined, headers);

    /** Over REST and by sockets, by users and the server, under its own name and with B's. */
    async function flood(): Promise<{ admitted: number; minutes: number; answers: string }> {
      const ways = [
        () => search(ofA),
        () => search(a.acting('anna')),
        () => search(ofA, { 'x-tenant-id': b.id, 'x-forwarded-for': '203.0.113.9' }),
        () => search(a.server(), { 'x-acting-user': 'anna', 'x-tenant': b.id }),
        () => live.send('message.send', { conversation_id: 'd'.repeat(24), client_message_id: 'x', text: 'x' }),
      ];
      const began = performance.now();
      let admitted = 0;
      const seen = new Set<string>();
      for (let sent = 0; sent < TIMES * QUOTA; sent += AT_ONCE) {
        const some = Array.from({ length: AT_ONCE }, (_, at) => ways[(sent + at) % ways.length]!());
        for (const answer of (await Promise.all(some)) as (Answer & { ok?: boolean; error?: object })[]) {
          if (answer.status === 200) admitted += 1;
          const { headers } = answer as Partial<Answer>;
          seen.add(JSON.stringify([answer.body, answer.error, headers && [...headers]]));
        }
      }
      return { admitted, minutes: (performance.now() - began) / 60_000, answers: [...seen].join('\n') };
    }

    it('has its quota and no more, and takes nothing of B’s, whose calls are all admitted meanwhile', async () => {
      const [attack, calls] = await Promise.all([
        flood(),
        (async () => {
          const answers: Answer[] = [];
          for (let call = 0; call < 10; call += 1) answers.push(await search(ofB));
          return answers;
        })(),
      ]);
      expect(attack.admitted).toBeLessThanOrEqual(QUOTA * (1 + Math.ceil(attack.minutes)));
      expect(attack.admitted).toBeGreaterThan(0);
      expect(calls.map(({ status }) => status)).toEqual(Array(10).fill(200));
      expect(remainingOf(calls.at(-1)!)).toBeGreaterThan(0);
      // Nothing that A was told names B or tells of it.
      expect(attack.answers).toContain('rate_limited');
      expect(attack.answers).not.toContain(b.id);
    });

    it('has counters of its own, for users of the same name as well', async () => {
      const keysOf = (tenant: TenantSession) => redis.keys(`caas:limits:${tenant.id}:*`);
      const counted = async (tenant: TenantSession) => {
        const keys = (await keysOf(tenant)).filter((key) => key.includes(':search:'));
        return Promise.all(keys.map(async (key) => Number(await redis.get(key))));
      };
      await search(ofB);
      for (const count of await counted(b)) expect(count).toBeLessThan(30);
      await waitFor('something of A is counted', 5_000, async () => {
        await search(ofA);
        return Math.max(...(await counted(a))) > 0;
      });
      const shared = (await keysOf(a)).filter((key) => key.includes(b.id));
      expect(shared).toEqual([]);
    });

    it('cannot raise its own rates, nor see or set B’s', async () => {
      const schema = (await a.server().get('/v1/settings/schema')).body.limits.sends_per_minute;
      expect(schema.maximum).toBe(QUOTA);
      const raise = { limits: { sends_per_minute: QUOTA + 1 } };
      expect((await a.server().patch('/v1/settings', raise)).status).toBe(400);
      for (const id of [a.id, b.id]) {
        const path = `/platform/v1/tenants/${id}/settings`;
        for (const caller of [ofA, a.server()]) {
          expect([(await caller.get(path)).status, (await caller.patch(path, raise)).status]).toEqual([401, 401]);
        }
      }
    });
  });
}
