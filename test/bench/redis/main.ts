/**
 * `npm run bench:redis`: sends at a steady pace over two apis while their Redis is frozen (SIGSTOP) for half a minute, then killed,
 * then emptied. Prints how long sends took in each phase, from its second second on, what was lost or doubled of them, and how soon a
 * message sent at one process reached a socket at the other once Redis was back. `BENCH_SECONDS` sets how long Redis is frozen. Exits
 * with 1 when a goal is missed.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { TenantSession, type LiveClient, type Room } from '#caas/testing';
import { OwnRedis } from '../../support/own-redis';
import { Table } from '../messaging/table';
import { benchEngines } from '../support/engines';
import { percentile } from '../support/statistics';
import { startTwoApis } from '../support/two-apis';

const PER_SECOND = 200;
const ROOMS = 20;
const FROZEN_SECONDS = Number(process.env['BENCH_SECONDS'] ?? 30);
const OTHER_SECONDS = 8;
const MOST_MS = 100;
const LIVE_WITHIN_MS = 5_000;

interface Send {
  atMs: number;
  tookMs: number;
  status: number;
}

async function main(): Promise<boolean> {
  const engines = await benchEngines();
  const redis = await OwnRedis.start({ durable: true });
  const apis = await startTwoApis({ mongodbUri: engines.mongodbUri, redisUrl: redis.url });
  const table = new Table();
  try {
    // A tenant with a quota of messages, which is counted over all processes.
    const tenant = await new TenantSession(apis.system, 'starter').open();
    await tenant.setLimits();
    await new Storm(tenant, redis, table).run();
    return table.allMet;
  } finally {
    await apis.stop();
    await redis.remove();
    await engines.stop();
  }
}

/** Somebody who sends all the time, and what becomes of it in each phase. */
class Storm {
  private readonly rooms: Room[] = [];
  private readonly sends: Send[] = [];
  private readonly underWay = new Set<Promise<void>>();
  private isOver = false;
  private ear!: LiveClient;

  constructor(
    private readonly tenant: TenantSession,
    private readonly redis: OwnRedis,
    private readonly table: Table,
  ) {}

  async run(): Promise<void> {
    const { tenant, redis } = this;
    await tenant.users('anna', 'ben');
    for (let at = 0; at < ROOMS; at += 1) this.rooms.push(await tenant.room('anna', ['ben']));
    this.ear = await tenant.socket('ben', 1);
    const pace = this.keepPace();
    await sleep(3_000);
    await this.phase('with Redis', () => sleep(OTHER_SECONDS * 1000));
    await this.phase(`frozen for ${FROZEN_SECONDS} s`, () => redis.suspended(() => sleep(FROZEN_SECONDS * 1000)));
    await this.live('after it was frozen');
    await this.phase(`killed for ${OTHER_SECONDS} s`, () => redis.away(() => sleep(OTHER_SECONDS * 1000)));
    await this.live('after it was killed');
    await this.phase('emptied', async () => {
      await redis.commands.flushall();
      await sleep(OTHER_SECONDS * 1000);
    });
    await this.live('after it was emptied');
    this.isOver = true;
    await pace;
    await Promise.all(this.underWay);
    await this.check();
  }

  private async keepPace(): Promise<void> {
    const begin = performance.now();
    for (let count = 0; !this.isOver; count += 1) {
      const due = begin + (count * 1000) / PER_SECOND;
      if (due > performance.now()) await sleep(due - performance.now());
      const sending = this.send(count).finally(() => this.underWay.delete(sending));
      this.underWay.add(sending);
    }
  }

  private async send(count: number): Promise<void> {
    const atMs = performance.now();
    const { status } = await this.tenant
      .send('anna', this.rooms[count % ROOMS]!, {}, count % 2)
      .catch(() => ({ status: 0 }));
    this.sends.push({ atMs, tookMs: performance.now() - atMs, status });
  }

  private async phase(name: string, work: () => Promise<unknown>): Promise<void> {
    const begin = performance.now();
    await work();
    const end = performance.now();
    await sleep(500);
    this.table.heading(name);
    const all = this.sends.filter(({ atMs }) => atMs >= begin && atMs < end);
    const refused = all.filter(({ status }) => status !== 201);
    const later = all.filter(({ atMs }) => atMs >= begin + 1000).map(({ tookMs }) => tookMs);
    const first = all.filter(({ atMs }) => atMs < begin + 1000).map(({ tookMs }) => tookMs);
    const shown = (times: number[]) => [0.5, 0.99, 1].map((part) => percentile(times, part).toFixed(0)).join(' / ');
    this.table.note(
      `${all.length} sends, p50 / p99 / most: in the first second ${shown(first)} ms, then ${shown(later)} ms`,
    );
    this.table.add({ what: 'refused', figure: refused.length, goal: 0, atMost: true, digits: 0 });
    const p99 = percentile(later, 0.99);
    this.table.add({ what: 'p99 from the second second on, ms', figure: p99, goal: MOST_MS, atMost: true, digits: 0 });
  }

  /** How long until what is sent at the first process from now on is heard at the other. */
  private async live(when: string): Promise<void> {
    const begin = performance.now();
    const room = this.rooms[0]!;
    let tookMs = Infinity;
    for (let n = 0; performance.now() - begin < 2 * LIVE_WITHIN_MS; n += 1) {
      const { id } = await this.tenant.message('anna', room, {}, 0);
      const heard = () => this.ear.of('message.created').some(({ data }) => data['id'] === id);
      for (let looks = 0; looks < 10 && !heard(); looks += 1) await sleep(10);
      if (!heard()) continue;
      tookMs = performance.now() - begin;
      break;
    }
    this.table.add({ what: `live again ${when}, ms`, figure: tookMs, goal: LIVE_WITHIN_MS, atMost: true, digits: 0 });
  }

  private async check(): Promise<void> {
    this.table.heading('What was acknowledged');
    const faults = await this.tenant.history.check(
      async (path) => (await this.tenant.acting('ben').get(path)).body as never,
    );
    this.table.note(`${this.tenant.history.acknowledged.length} sends`);
    for (const [what, found] of Object.entries(faults) as [string, string[]][]) {
      this.table.add({ what, figure: found.length, goal: 0, atMost: true, digits: 0 });
    }
  }
}

void main().then(
  (met) => process.exit(met ? 0 : 1),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
