import { ObjectId } from 'bson';
import { Queue, type Job, type JobsOptions } from 'bullmq';
import type { SystemJob } from '#caas/contracts';
import type { OwnRedis } from '../support/own-redis';

/** Whoever can write to Redis can put anything into a queue. */
export class QueueBackDoor {
  private readonly queue: Queue;

  constructor(redis: OwnRedis, name: string) {
    this.queue = new Queue(name, { connection: redis.commands.duplicate() as never });
    // Redis is taken away on purpose.
    this.queue.on('error', () => undefined);
  }

  add(name: string, data: unknown, options: JobsOptions = { attempts: 5 }): Promise<Job> {
    return this.queue.add(name, data, options);
  }

  pause(): Promise<void> {
    return this.queue.pause();
  }

  /** Plans a repeated job for an hour from now, as if it had just been done: the worker leaves alone what is planned. */
  async postpone({ name, everyMs }: SystemJob): Promise<void> {
    await this.queue.upsertJobScheduler(name, { every: everyMs, startDate: Date.now() + 60 * 60_000 });
  }

  /** Whether the worker did a job about a user that came out of their tenant's outbox. */
  async settled(tenantId: string, userId: string): Promise<boolean> {
    return (await this.lastOf(tenantId, userId)) !== undefined;
  }

  /** How long after it was written into the outbox the last of these jobs was queued. */
  async queuedAfterMs(tenantId: string, userId: string): Promise<number> {
    const { data, timestamp } = (await this.lastOf(tenantId, userId))!;
    return timestamp - new ObjectId(data.outbox_id as string).getTimestamp().getTime();
  }

  /** The job as it now is. */
  async again({ id }: Job): Promise<Job> {
    const job = (await this.queue.getJob(id!)) as Job | undefined;
    if (!job) throw new Error(`The queue no longer has the job ${id}`);
    return job;
  }

  close(): Promise<void> {
    return this.queue.close();
  }

  private async lastOf(tenantId: string, userId: string): Promise<Job | undefined> {
    const done = (await this.queue.getCompleted()) as (Job | undefined)[];
    return done.find(
      (job) => job?.data.tenant_id === tenantId && job.data.user_id === userId && job.data.outbox_id !== null,
    );
  }
}
