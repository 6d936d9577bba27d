import { Redis } from 'ioredis';
import { redactText } from '#caas/platform/logging';
import type { Configuration } from '../configuration';
import { inTime, ok, unknown, wrong, type Finding } from '../finding';
import { examineClock } from './clock';
import { examineQueues } from './queues';

const WHAT = 'redis';
const ANSWER_WITHIN_MS = 2_500;

/** Is it there, does it keep what it is told, is its time right; and the queues in it. */
export async function examineRedis({ runtime }: Configuration): Promise<Finding[]> {
  if (!runtime) return [unknown(WHAT, 'its part of the configuration has a problem')];
  const redis = new Redis(runtime.REDIS_URL, {
    lazyConnect: true,
    retryStrategy: null,
    connectTimeout: ANSWER_WITHIN_MS,
    maxRetriesPerRequest: 0,
    connectionName: 'caas-doctor',
  } as never);
  let reason: string | undefined;
  redis.on('error', (error: Error) => (reason ??= error.message));
  try {
    const connected = redis.connect().then(() => redis.ping());
    await inTime(connected, ANSWER_WITHIN_MS);
    return [...(await examineServer(redis)), ...(await examineQueues(redis))];
  } catch (error) {
    const message = redactText(reason ?? (error as Error).message);
    const remedy = /NOAUTH|WRONGPASS|password/i.test(message)
      ? 'Correct the password in REDIS_URL.'
      : /no answer/.test(message)
        ? 'It takes connections and does not answer: it is stopped or overloaded. Look at its log, and start it again.'
        : 'Start Redis (`npm start` starts an embedded one), or correct REDIS_URL.';
    return [wrong(WHAT, `${hostOf(runtime.REDIS_URL)}: ${message}`, remedy)];
  } finally {
    redis.disconnect();
  }
}

async function examineServer(redis: Redis): Promise<Finding[]> {
  const from = Date.now();
  const [seconds, micros] = (await inTime(redis.time())) as unknown as [string, string];
  const to = Date.now();
  const now = new Date(Number(seconds) * 1000 + Math.floor(Number(micros) / 1000));
  const info = infoOf(await inTime(redis.info()));
  return [
    ok(WHAT, `version ${info.get('redis_version')}, answers in ${to - from} ms`),
    examineClock('redis', now, from, to),
    examinePersistence(info),
    examineEviction(info),
  ];
}

function examinePersistence(info: Map<string, string>): Finding {
  const what = 'redis append-only file';
  if (info.get('aof_enabled') !== '1') {
    return wrong(
      what,
      'it is off: what waits in the queues is lost when Redis ends',
      'Start Redis with appendonly yes, or run CONFIG SET appendonly yes.',
    );
  }
  if (info.get('aof_last_write_status') !== 'ok') {
    return wrong(what, 'the last write to it failed', 'Look at the disk of Redis and at its log.');
  }
  return ok(what, 'on, and written');
}

function examineEviction(info: Map<string, string>): Finding {
  const policy = info.get('maxmemory_policy') ?? 'unknown';
  if (policy === 'noeviction') return ok('redis eviction', policy);
  return wrong(
    'redis eviction',
    `the policy is ${policy}: Redis may throw jobs away`,
    'Start Redis with maxmemory-policy noeviction, or run CONFIG SET maxmemory-policy noeviction.',
  );
}

const infoOf = (text: string): Map<string, string> =>
  new Map(
    text
      .split('\r\n')
      .filter((line) => line.includes(':'))
      .map((line) => line.split(/:(.*)/s).slice(0, 2) as [string, string]),
  );

const hostOf = (url: string): string => {
  try {
    return new URL(url).host;
  } catch {
    return 'REDIS_URL';
  }
};
