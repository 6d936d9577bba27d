import type { Redis } from 'ioredis';
import { QUEUES } from '#caas/contracts';
import { inTime, ok, warning, wrong, type Finding } from '../finding';

/** Older than that, a job that could be done is not being done. */
const WAITS_TOO_LONG_MS = 2 * 60_000;
/** A job whose worker has gone is taken up by another in half a minute. */
const WITHOUT_WORKER_MS = 60_000;
/** The longest job is a transcode of 20 minutes, and may be tried anew. */
const RUNS_TOO_LONG_MS = 2 * 60 * 60_000;
const MANY_FAILED = 100;

/** By the keys that BullMQ keeps (`bull:<queue>:…`), without its classes, which change what they find. */
export async function examineQueues(redis: Redis): Promise<Finding[]> {
  return Promise.all(QUEUES.map((queue) => inTime(examineQueue(redis, queue))));
}

async function examineQueue(redis: Redis, queue: string): Promise<Finding> {
  const what = `queue ${queue}`;
  const key = (name: string) => `bull:${queue}:${name}`;
  const [waiting, failed, active, oldest] = await Promise.all([
    redis.llen(key('wait')),
    redis.zcard(key('failed')),
    redis.lrange(key('active'), 0, 99),
    redis.lindex(key('wait'), -1),
  ]);
  const stuck = (await Promise.all(active.map((id) => stateOf(redis, key(id))))).filter((state) => state !== null);
  const worker = 'See that a worker runs, and its log.';
  if (stuck.length > 0)
    return wrong(
      what,
      `${stuck.length} jobs are stuck: ${stuck[0]}`,
      `${worker} Then \`caas jobs list ${queue} --state active\`.`,
    );
  const waitsMs = oldest ? Date.now() - (await waitingSince(redis, key(oldest))) : 0;
  if (waitsMs > WAITS_TOO_LONG_MS && active.length === 0) {
    return wrong(what, `${waiting} jobs wait, the oldest for ${minutes(waitsMs)}, and nobody takes them`, worker);
  }
  const text = `${waiting} waiting, ${active.length} active, ${failed} failed`;
  if (failed >= MANY_FAILED) return warning(what, text, `caas jobs list ${queue}`);
  return ok(what, text);
}

/** When it could first be done, in milliseconds since 1970: after its delay, or since it last failed. */
async function waitingSince(redis: Redis, jobKey: string): Promise<number> {
  const [timestamp, options, ...ends] = await redis.hmget(jobKey, 'timestamp', 'opts', 'processedOn', 'finishedOn');
  const { delay = 0 } = JSON.parse(options ?? '{}') as { delay?: number };
  return Math.max(Number(timestamp) + delay, ...ends.map(Number));
}

/** @returns why an active job is not as it should be */
async function stateOf(redis: Redis, jobKey: string): Promise<string | null> {
  const [isLocked, processedOn, name] = await Promise.all([
    redis.exists(`${jobKey}:lock`),
    redis.hget(jobKey, 'processedOn'),
    redis.hget(jobKey, 'name'),
  ]);
  const id = jobKey.split(':').slice(2).join(':');
  const runsMs = processedOn === null ? Infinity : Date.now() - Number(processedOn);
  if (isLocked === 0 && runsMs > WITHOUT_WORKER_MS) return `${name ?? 'a job'} (${id}) has no worker any more`;
  if (runsMs > RUNS_TOO_LONG_MS) return `${name ?? 'a job'} (${id}) runs for ${minutes(runsMs)}`;
  return null;
}

const minutes = (ms: number): string => (Number.isFinite(ms) ? `${Math.round(ms / 60_000)} minutes` : 'unknown time');
