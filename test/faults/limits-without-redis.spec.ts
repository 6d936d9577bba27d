import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { freePort, waitFor } from '../../tools/stack';
import { commandOf } from '../../tools/stack/engines/system-packages';
import { TestSystem, type Caller } from '../support/test-system';

const PER_SECOND = 50;
const SECONDS = 4;
const CALLERS = 8;
/** Far beyond what a limiter may take that waits for a Redis that does not answer. */
const SLOW_MS = 3_000;

/** A Redis of this test's own, to be stopped as it likes. */
class OwnRedis {
  private child: ChildProcess | null = null;
  private folder: string;
  url: string;

  async open(): Promise<void> {
    this.folder = await mkdtemp(join(tmpdir(), 'caas-redis-'));
    this.url = `redis://127.0.0.1:${await freePort()}`;
    await this.start();
  }

  async start(): Promise<void> {
    const options = ['--port', new URL(this.url).port, '--dir', this.folder, '--save', ''];
    this.child = spawn(commandOf('redis'), options, { stdio: 'ignore' });
    await waitFor('Redis answers', 10_000, () => this.ask((redis) => redis.ping().then(() => true)));
  }

  signal(signal: NodeJS.Signals): Promise<void> {
    this.child?.kill(signal);
    return Promise.resolve();
  }

  async kill(): Promise<void> {
    const ended = once(this.child!, 'exit');
    this.child!.kill('SIGKILL');
    await ended;
  }

  async ask<T>(question: (redis: Redis) => Promise<T>): Promise<T | null> {
    const redis = new Redis(this.url, { retryStrategy: () => null, maxRetriesPerRequest: 0 });
    redis.on('error', () => undefined);
    try {
      return await question(redis).catch(() => null);
    } finally {
      redis.disconnect();
    }
  }

  async close(): Promise<void> {
    await this.signal('SIGCONT');
    if (this.child && this.child.exitCode === null && this.child.signalCode === null) await this.kill();
    await rm(this.folder, { recursive: true, force: true });
  }
}

const redis = new OwnRedis();
let system: TestSystem;
let anna: Caller[];
let tenantId: string;
beforeAll(async () => {
  await redis.open();
  const environment = { REDIS_URL: redis.url, RATE_LIMITS_FACTOR: '1', RATE_LIMITS_PROCESSES: '2' };
  system = new TestSystem('fatal', environment, ['api', 'api']);
  await system.start();
  const tenant = await system.tenant('free');
  tenantId = tenant.id;
  const rates = { user_reads_per_minute: 60 * PER_SECOND, reads_per_minute: 1_000_000 };
  await system.platform.patch(`/platform/v1/tenants/${tenant.id}/settings`, { limits: rates });
  await tenant.user('anna');
  anna = await Promise.all([0, 1].map(async (process) => tenant.withToken(await tenant.token('anna'), process)));
});
afterAll(async () => {
  await system?.stop();
  await redis.close();
});

/** As fast as one can for some seconds, at some of the processes. */
async function overload(processes: number[]): Promise<{ perSecond: number; statuses: Set<number>; slowestMs: number }> {
  const statuses = new Set<number>();
  let [admitted, slowestMs] = [0, 0];
  const begin = performance.now();
  const caller = async (process: number) => {
    while (performance.now() - begin < 1000 * SECONDS) {
      const asked = performance.now();
      const { status } = await anna[process]!.get('/v1/users/me');
      statuses.add(status);
      slowestMs = Math.max(slowestMs, performance.now() - asked);
      if (status === 200) admitted += 1;
    }
  };
  await Promise.all(processes.flatMap((process) => Array.from({ length: CALLERS }, () => caller(process))));
  return { perSecond: admitted / ((performance.now() - begin) / 1000), statuses, slowestMs };
}

/** A window more or less is counted in some seconds. */
const expectAbout = (perSecond: number, expected: number) => {
  expect(perSecond).toBeGreaterThan(expected * (1 - 1.2 / SECONDS));
  expect(perSecond).toBeLessThan(expected * (1 + 1.2 / SECONDS));
};

const bothOnlyAdmitOrRefuse = ({ statuses, slowestMs }: Awaited<ReturnType<typeof overload>>) => {
  expect([...statuses].sort()).toEqual([200, 429]);
  expect(slowestMs).toBeLessThan(SLOW_MS);
};

describe('Rate limits without Redis', () => {
  it('are of all processes together while Redis is there', async () => {
    const both = await overload([0, 1]);
    bothOnlyAdmitOrRefuse(both);
    expectAbout(both.perSecond, PER_SECOND);
    expectAbout((await overload([0])).perSecond, PER_SECOND);
  });

  it.each([
    ['does not answer', () => redis.signal('SIGSTOP'), () => redis.signal('SIGCONT')],
    ['is gone', () => redis.kill(), () => redis.start()],
  ])(
    'are divided among the processes while it %s, and are common again once it is back',
    async (_what, stop, start) => {
      await stop();
      try {
        await waitFor('what was fetched of the last window is over', 10_000, async () => {
          const one = await overload([0]);
          bothOnlyAdmitOrRefuse(one);
          return one.perSecond < 0.8 * PER_SECOND;
        });
        expectAbout((await overload([0])).perSecond, PER_SECOND / 2);
        const both = await overload([0, 1]);
        bothOnlyAdmitOrRefuse(both);
        expectAbout(both.perSecond, PER_SECOND);
      } finally {
        await start();
      }
      await waitFor('they count in common again', 20_000, async () => {
        await anna[0]!.get('/v1/users/me');
        const keys = await redis.ask((connection) => connection.keys(`caas:limits:${tenantId}:u:*`));
        return (keys ?? []).length > 0 && (await overload([0])).perSecond > 0.8 * PER_SECOND;
      });
      expectAbout((await overload([0, 1])).perSecond, PER_SECOND);
    },
  );
});
