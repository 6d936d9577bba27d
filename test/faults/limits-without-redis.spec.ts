import { NO_FAULTS, ownSystem, patient, waitFor, type Caller, type Room, type TenantSession } from '#caas/testing';
import { OwnRedis } from '../support/own-redis';

const PER_SECOND = 50;
const MANY = 1_000_000;
const SECONDS = 4;
const CALLERS = 8;
/** Far beyond what a limiter may take that waits for a Redis that does not answer. */
const SLOW_MS = 3_000;

let redis: OwnRedis;
let tenant: TenantSession;
let room: Room;
let anna: Caller[];
const system = ownSystem({
  logLevel: 'fatal',
  apps: ['api', 'api'],
  environment: async () => {
    redis = await OwnRedis.start();
    return { REDIS_URL: redis.url, RATE_LIMITS_FACTOR: '1', RATE_LIMITS_PROCESSES: '2' };
  },
});

beforeAll(async () => {
  tenant = await system.tenant('free');
  const many = { reads_per_minute: MANY, sends_per_minute: MANY, user_sends_per_minute: MANY };
  await tenant.setLimits({ ...many, user_reads_per_minute: 60 * PER_SECOND });
  await tenant.users('anna', 'ben');
  room = await tenant.room('anna', ['ben']);
  anna = [0, 1].map((process) => tenant.as('anna', process));
});
afterAll(() => redis?.remove());

/** As fast as one can for some seconds, at some of the processes. */
interface Overload {
  /** Calls that were admitted. */
  perSecond: number;
  askedPerSecond: number;
  /** How many were made in each second: a machine that is held up makes fewer than the limit admits. */
  askedIn: number[];
  statuses: Set<number>;
  slowestMs: number;
}

async function overload(processes: number[]): Promise<Overload> {
  const statuses = new Set<number>();
  const askedIn = Array.from({ length: SECONDS }, () => 0);
  let [asked, admitted, slowestMs] = [0, 0, 0];
  const begin = performance.now();
  const caller = async (process: number) => {
    while (performance.now() - begin < 1000 * SECONDS) {
      const askedAt = performance.now();
      const { status } = await anna[process]!.get('/v1/users/me');
      asked += 1;
      askedIn[Math.min(SECONDS - 1, Math.trunc((askedAt - begin) / 1000))]! += 1;
      statuses.add(status);
      slowestMs = Math.max(slowestMs, performance.now() - askedAt);
      if (status === 200) admitted += 1;
    }
  };
  await Promise.all(processes.flatMap((process) => Array.from({ length: CALLERS }, () => caller(process))));
  const seconds = (performance.now() - begin) / 1000;
  return { perSecond: admitted / seconds, askedPerSecond: asked / seconds, askedIn, statuses, slowestMs };
}

/** A window more or less is counted in some seconds. */
const expectAbout = ({ perSecond, askedIn }: Overload, expected: number) => {
  const possible = askedIn.reduce((sum, asked) => sum + Math.min(expected, asked), 0) / SECONDS;
  expect(perSecond).toBeGreaterThan(possible * (1 - 1.2 / SECONDS));
  expect(perSecond).toBeLessThan(expected * (1 + 1.2 / SECONDS));
};

const bothOnlyAdmitOrRefuse = ({ statuses, askedPerSecond, slowestMs }: Overload) => {
  if (askedPerSecond > 1.5 * PER_SECOND) expect(statuses).toEqual(new Set([200, 429]));
  else expect(new Set([...statuses, 429])).toEqual(new Set([200, 429]));
  expect(slowestMs).toBeLessThan(patient(SLOW_MS));
};

const sendAtEitherApi = async (user: string) => {
  for (let n = 0; n < 6; n += 1) expect((await tenant.send(user, room, {}, n % 2)).status).toBe(201);
};

describe('Rate limits without Redis', () => {
  it('are of all processes together while Redis is there', async () => {
    const both = await overload([0, 1]);
    bothOnlyAdmitOrRefuse(both);
    expectAbout(both, PER_SECOND);
    expectAbout(await overload([0]), PER_SECOND);
  });

  it.each([
    ['does not answer', (work: () => Promise<void>) => redis.suspended(work)],
    ['is gone', (work: () => Promise<void>) => redis.away(work)],
  ])('are divided among the processes while it %s, and are common again once it is back', async (_what, whileItIs) => {
    await whileItIs(async () => {
      await waitFor('what was fetched of the last window is over', 10_000, async () => {
        const one = await overload([0]);
        bothOnlyAdmitOrRefuse(one);
        return one.perSecond < 0.8 * PER_SECOND;
      });
      expectAbout(await overload([0]), PER_SECOND / 2);
      const both = await overload([0, 1]);
      bothOnlyAdmitOrRefuse(both);
      expectAbout(both, PER_SECOND);
      const begin = performance.now();
      await Promise.all(['anna', 'ben'].map(sendAtEitherApi));
      expect(performance.now() - begin).toBeLessThan(patient(SLOW_MS));
    });
    await waitFor('they count in common again', 20_000, async () => {
      await anna[0]!.get('/v1/users/me');
      const keys = await redis.commands.keys(`caas:limits:${tenant.id}:u:*`);
      const { perSecond, askedPerSecond } = await overload([0]);
      return keys.length > 0 && perSecond > 0.8 * Math.min(PER_SECOND, askedPerSecond);
    });
    expectAbout(await overload([0, 1]), PER_SECOND);
  });

  it('leave every message as it was acknowledged', async () => {
    await Promise.all(['anna', 'ben'].map(sendAtEitherApi));
    expect(await tenant.history.check(tenant.acting('ben').read)).toEqual(NO_FAULTS);
  });
});
