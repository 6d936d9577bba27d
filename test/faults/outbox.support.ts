import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Queue, type Job, type JobsOptions } from 'bullmq';
import { Redis } from 'ioredis';
import type { SystemJob } from '#caas/contracts';
import { freePort } from '../../tools/stack';
import { commandOf } from '../../tools/stack/engines/system-packages';

/** A Redis of a suite's own, that it may empty and take away. It keeps nothing when it stops. */
export class OwnRedis {
  readonly commands: Redis;
  private server: ChildProcess;

  private constructor(
    private readonly folder: string,
    private readonly port: number,
  ) {
    this.server = this.spawn();
    this.commands = new Redis(this.url, { maxRetriesPerRequest: null });
    this.commands.on('error', () => undefined);
  }

  static async start(): Promise<OwnRedis> {
    const redis = new OwnRedis(await mkdtemp(join(tmpdir(), 'caas-redis-')), await freePort());
    await redis.commands.ping();
    return redis;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** Gone, with everything in it, for as long as `work` takes. */
  async away(work: () => Promise<void>): Promise<void> {
    await this.end();
    try {
      await work();
    } finally {
      this.server = this.spawn();
      await this.commands.ping();
    }
  }

  async remove(): Promise<void> {
    this.commands.disconnect();
    await this.end();
    await rm(this.folder, { recursive: true, force: true });
  }

  private spawn(): ChildProcess {
    const settings = ['--port', String(this.port), '--bind', '127.0.0.1', '--dir', this.folder, '--save', ''];
    return spawn(commandOf('redis'), settings, { stdio: 'ignore' });
  }

  private async end(): Promise<void> {
    if (this.server.exitCode !== null || this.server.signalCode !== null) return;
    const ended = new Promise((resolve) => this.server.once('exit', resolve));
    this.server.kill('SIGKILL');
    await ended;
  }
}

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

  /** Whether the worker did a job that came out of a tenant's outbox. */
  async settled(tenantId: string): Promise<boolean> {
    const done = (await this.queue.getCompleted()) as (Job | undefined)[];
    return done.some((job) => job?.data.tenant_id === tenantId && job.data.outbox_id !== null);
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
}
