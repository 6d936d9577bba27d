/**
 * `npm run bench:fairness`: what one tenant's 100,000 jobs do to another tenant's, with two workers; and what it costs that they do
 * nothing. Beside it, in the same run, BullMQ as it comes, and the alternative in ADR 15. Exits with 1 when a goal is missed.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { newTenantId } from '#caas/kernel';
import { waitFor } from '../../../tools/stack';
import { OwnRedis } from '../../support/own-redis';
import { WorkerProcess } from '../../support/queue/worker-process';
import { Table } from '../messaging/table';
import { percentile } from '../support/statistics';
import { cpuSeconds } from '../support/cpu';
import { admission, bare, priorities, type Way } from './ways';

const MANY = Number(process.env['JOBS'] ?? 100_000);
const WORKERS = 2;
const GOAL_MS = 2_000;
const SMALL_EVERY_MS = 100;
const SMALL_JOBS = 100;
const ADDED_AT_ONCE = 500;
const LONGEST_MS = 10 * 60_000;
/** As many as CaaS gives to one tenant, without the one that it keeps for others. */
process.env['SLOTS'] = '4';

interface Run {
  /** Of the small tenant, from adding to beginning, in ms. */
  alone: number[];
  behind: number[];
  /** Of the big tenant's. */
  addedPerSecond: number;
  donePerSecond: number;
  cpuSecondsPer1000: number;
}

async function main(): Promise<boolean> {
  const table = new Table();
  const runs = new Map<string, Run>();
  for (const workMs of [0, 5]) {
    const many = workMs === 0 ? MANY : MANY / 5;
    table.heading(
      `${many} jobs of ${workMs} ms of one tenant, and ${SMALL_JOBS} of another, one each ${SMALL_EVERY_MS} ms`,
    );
    for (const open of [bare, priorities, admission]) {
      const redis = await OwnRedis.start({ durable: true });
      try {
        const way = await open(redis.url);
        const run = await measure(way, redis, many, workMs);
        await way.close();
        runs.set(`${way.name}, ${workMs} ms`, run);
        table.note(shown(way.name, run));
      } finally {
        await redis.remove();
      }
    }
    const fair = runs.get(`CaaS, ${workMs} ms`)!;
    const rate = fair.donePerSecond / runs.get(`bare BullMQ, ${workMs} ms`)!.donePerSecond;
    table.add({
      what: 'longest wait of the other tenant, ms',
      figure: Math.max(...fair.behind),
      goal: GOAL_MS,
      atMost: true,
      digits: 0,
    });
    table.note(`jobs done per second, of bare BullMQ’s: ${rate.toFixed(2)}`);
  }
  return table.allMet;
}

async function measure(way: Way, redis: OwnRedis, many: number, workMs: number): Promise<Run> {
  const workers = Array.from({ length: WORKERS }, () => new WorkerProcess(redis.url, way.worker));
  try {
    await waitFor('the workers', 30_000, async () => (await way.queue.getWorkersCount()) === WORKERS);
    const alone = await smallTenant(way, redis, workMs);
    await way.queue.pause();
    const [big, begin] = [newTenantId(), performance.now()];
    for (let added = 0; added < many; added += ADDED_AT_ONCE) {
      await Promise.all(Array.from({ length: ADDED_AT_ONCE }, () => way.add(big, { name: '-', ms: workMs })));
    }
    const addedPerSecond = (1000 * many) / (performance.now() - begin);
    const pids = workers.map(({ pid }) => pid).concat(redis.pid);
    const [resumed, cpuBefore] = [now(), cpuSeconds(pids)];
    await way.queue.resume();
    const behind = await smallTenant(way, redis, workMs);
    await waitFor('all is done', LONGEST_MS, () => Promise.resolve(sum(workers.map(({ counted }) => counted)) >= many));
    const lastMs = Math.max(...workers.map(({ countedAt }) => countedAt)) - resumed;
    const cpuSecondsPer1000 = (1000 * (cpuSeconds(pids) - cpuBefore)) / many;
    return { alone, behind, addedPerSecond, donePerSecond: (1000 * many) / lastMs, cpuSecondsPer1000 };
  } finally {
    await Promise.all(workers.map((worker) => worker.end('SIGKILL')));
  }
}

/** A job each 100 ms. @returns how long each waited, in ms */
async function smallTenant(way: Way, redis: OwnRedis, workMs: number): Promise<number[]> {
  await redis.commands.del('test:began');
  const small = newTenantId();
  const asked: number[] = [];
  for (let n = 0; n < SMALL_JOBS; n += 1) {
    asked.push(now());
    await way.add(small, { name: String(n), ms: workMs });
    await sleep(SMALL_EVERY_MS);
  }
  await waitFor('its jobs', LONGEST_MS, async () => (await redis.commands.llen('test:began')) === SMALL_JOBS);
  const began = await redis.commands.lrange('test:began', 0, -1);
  return began.map((line) => {
    const [, n, at] = line.split(' ');
    return Number(at) - asked[Number(n)]!;
  });
}

const now = (): number => performance.timeOrigin + performance.now();
const sum = (values: number[]): number => values.reduce((total, value) => total + value, 0);

function shown(name: string, { alone, behind, addedPerSecond, donePerSecond, cpuSecondsPer1000 }: Run): string {
  const times = (values: number[]) =>
    [percentile(values, 0.5), percentile(values, 0.99), Math.max(...values)].map((ms) => ms.toFixed(1)).join(' / ');
  const rates = `added ${addedPerSecond.toFixed(0)}/s, done ${donePerSecond.toFixed(0)}/s, ${cpuSecondsPer1000.toFixed(2)} CPU-s per 1,000`;
  return `${name.padEnd(12)} waits p50 / p99 / max: alone ${times(alone)} ms, behind ${times(behind)} ms; the big one: ${rates}`;
}

void main().then(
  (met) => process.exit(met ? 0 : 1),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
