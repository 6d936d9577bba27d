import type { INestApplicationContext } from '@nestjs/common';
import { Queue, type JobsOptions } from 'bullmq';
import type { Redis } from 'ioredis';
import { refreshReferences } from '#caas/contracts';
import type { TenantId } from '#caas/kernel';
import { Queues } from '#caas/platform/queue';
import { errandId, openQueues, type Errand } from '../../support/queue/queue-app';

/** One way of putting tenants' jobs into a queue, with the worker that belongs to it. */
export interface Way {
  name: string;
  worker: string;
  add(tenantId: TenantId, errand: Errand): Promise<unknown>;
  queue: Queue;
  close(): Promise<void>;
}

export const BARE_QUEUE = 'bare';

/** As CaaS does it. */
export async function admission(redisUrl: string): Promise<Way> {
  const app: INestApplicationContext = await openQueues(redisUrl);
  const queues = app.get(Queues);
  return {
    name: 'CaaS',
    worker: 'test/support/queue/stand-in-worker.js',
    add: (tenantId, errand) =>
      queues.add(refreshReferences, { user_id: '0'.repeat(24) }, { tenantId, requestId: errandId(errand) }),
    queue: queues.queue('references'),
    close: () => app.close(),
  };
}

/** BullMQ as it comes: first in, first out. */
export function bare(redisUrl: string): Promise<Way> {
  return onBareQueue('bare BullMQ', redisUrl, () => ({}));
}

/**
 * The alternative that was not taken: each job's priority is its place in a fair order (start-time fair queueing), that is one more
 * than the tenant's last, or than that of the job at the head of the queue.
 */
export function priorities(redisUrl: string): Promise<Way> {
  return onBareQueue('priorities', redisUrl, async (tenantId, redis) => {
    const keys = [`bull:${BARE_QUEUE}:prioritized`, `test:last:${tenantId}`];
    return { priority: Number(await redis.eval(NEXT_PLACE, keys.length, ...keys)) };
  });
}

const NEXT_PLACE = `
local head = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')[2]
local place = math.max(head and math.floor(head / 2^32) or 0, tonumber(redis.call('GET', KEYS[2]) or 0)) + 1
redis.call('SET', KEYS[2], place)
return place`;

type OptionsOf = (tenantId: TenantId, redis: Redis) => JobsOptions | Promise<JobsOptions>;

async function onBareQueue(name: string, redisUrl: string, optionsOf: OptionsOf): Promise<Way> {
  const { Redis } = await import('ioredis');
  const redis = new Redis(redisUrl, { maxRetriesPerRequest: null });
  const queue = new Queue(BARE_QUEUE, { connection: redis as never });
  const kept = { attempts: 5, removeOnComplete: { count: 1_000 }, removeOnFail: { count: 10_000 } };
  return {
    name,
    worker: 'test/bench/fairness/bare-worker.js',
    add: async (tenantId, errand) =>
      queue.add('errand', { tenantId, ...errand }, { ...kept, ...(await optionsOf(tenantId, redis)) }),
    queue,
    close: async () => {
      await queue.close();
      redis.disconnect();
    },
  };
}
