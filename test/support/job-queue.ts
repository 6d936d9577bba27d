import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import type { QueueName } from '#caas/contracts';
import { waitFor } from '#caas/testing';

/** A queue of the system, from outside: what is put into it the worker of the system takes out. */
export class JobQueue {
  readonly redis: Redis;
  private readonly queue: Queue;

  /** @param redisUrl of a suite's own Redis */
  constructor(name: QueueName, redisUrl = process.env['REDIS_URL']!) {
    this.redis = new Redis(redisUrl, { maxRetriesPerRequest: null });
    this.queue = new Queue(name, { connection: this.redis as never });
  }

  add(name: string, data: object = {}) {
    return this.queue.add(name, data);
  }

  /** The same for one tenant. */
  addFor(tenantId: string, name: string, payload: object) {
    return this.add(name, { tenant_id: tenantId, request_id: 'req_test', v: 1, outbox_id: null, ...payload });
  }

  /** Resolves when a worker has done it; of one that found nothing to do no row is left. @throws Error when it failed */
  async done(job: Awaited<ReturnType<JobQueue['add']>>, withinMs = 30_000): Promise<void> {
    await waitFor(`${job.name} is done`, withinMs, async () => {
      const state = await job.getState();
      if (state === 'failed') throw new Error((await this.queue.getJob(job.id!))?.failedReason);
      return state === 'completed' || state === 'unknown';
    });
  }

  async close(): Promise<void> {
    await this.queue.close();
    this.redis.disconnect();
  }
}
