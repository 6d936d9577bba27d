import { hostname } from 'node:os';
import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { DelayedError, UnrecoverableError, Worker, type Job as BullJob } from 'bullmq';
import { CaasError, isTenantId, type RequestContext, type TenantId } from '#caas/kernel';
import { QUEUES, jobKey, type QueueName } from '#caas/contracts';
import { Log } from '#caas/platform/logging';
import { RedisConnections } from '#caas/platform/redis';
import { Admission, type Ticket } from './admission/admission';
import { CONCURRENCY } from './admission/concurrency';
import { decodeJob, type JobMeta } from './job-data';
import { JobHandlers, type Registered, type SystemJobHandler } from './job-handlers';
import { JobContexts } from './ports';
import { QueueMetrics } from './queue-metrics';
import { PARKED_FOR_MS, Queues } from './queues';

const CHECK_SCHEDULES_EVERY_MS = 5_000;

/** Takes jobs from every queue and runs their handlers. Only worker processes have it. */
@Injectable()
export class JobRunner implements OnApplicationBootstrap, OnApplicationShutdown {
  private handlers = new Map<string, Registered>();
  private workers: Worker[] = [];
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly registry: JobHandlers,
    private readonly queues: Queues,
    private readonly admission: Admission,
    private readonly contexts: JobContexts,
    private readonly redis: RedisConnections,
    private readonly log: Log,
    private readonly metrics: QueueMetrics,
  ) {}

  onApplicationBootstrap(): void {
    this.handlers = this.registry.collect();
    this.workers = QUEUES.map((name) => this.work(name));
    void this.keepSchedules();
    this.timer = setInterval(() => void this.keepSchedules(), CHECK_SCHEDULES_EVERY_MS);
    this.timer.unref();
  }

  /**
   * Schedules repeated jobs again and again, because an emptied Redis has lost them, including the outbox sweeper that repairs
   * everything else.
   */
  private async keepSchedules(): Promise<void> {
    for (const { job } of this.handlers.values()) {
      if (job.kind !== 'system') continue;
      await this.queues.schedule(job).catch((error: Error) => {
        this.log.root.warn({ job: jobKey(job), reason: error.message }, 'not scheduled; tried again soon');
      });
    }
  }

  /** Running jobs are finished; jobs that were not started stay in their queue. */
  async onApplicationShutdown(): Promise<void> {
    clearInterval(this.timer);
    await Promise.all(this.workers.map((worker) => worker.close()));
  }

  private work(name: QueueName): Worker {
    const { tenant, reserved } = CONCURRENCY[name];
    const worker = new Worker(name, (job, token) => this.inTurn(job, token!), {
      connection: this.redis.open(`worker-${name}`) as never,
      concurrency: tenant + reserved,
      // Bull Board shows it with each job.
      name: `${hostname()}:${process.pid}`,
    });
    worker.on('failed', (job, error) => this.tellFailure(name, job, error));
    worker.on('error', (error) => this.log.root.debug({ queue: name, reason: error.message }, 'queue connection'));
    return worker;
  }

  /** @throws DelayedError when all slots of the tenant are in use: the job is parked */
  private async inTurn(job: BullJob, token: string): Promise<unknown> {
    const { tenant_id: tenantId } = (job.data ?? {}) as { tenant_id?: unknown };
    // A forged tenant id has an admission line of its own, too.
    if (!isTenantId(tenantId)) return this.run(job);
    const ticket = { queue: job.queueName as QueueName, tenantId, id: job.id!, createdAt: job.timestamp };
    // If the count fails, the job runs all the same.
    if (!isAdmitted(job, tenantId) && !(await this.admission.start(ticket).catch(() => true))) {
      await job.moveToDelayed(Date.now() + PARKED_FOR_MS, token);
      await this.queues.promoteIfAdmitted(ticket).catch(() => undefined);
      throw new DelayedError();
    }
    try {
      return await this.run(job);
    } finally {
      await this.admitNext(ticket);
    }
  }

  /** Admits the next job before BullMQ completes this one, so that the freed slot finds it. */
  private async admitNext(ticket: Ticket): Promise<void> {
    try {
      await this.queues.promote(ticket.queue, await this.admission.leave(ticket));
    } catch (error) {
      this.log.root.debug({ queue: ticket.queue, reason: (error as Error).message }, 'still counted; mended soon');
    }
  }

  /** @returns what Bull Board shows as the job's result */
  private async run(job: BullJob): Promise<unknown> {
    const registered = this.handlers.get(jobKey({ queue: job.queueName, name: job.name }));
    const startedAtMs = performance.now();
    const ended = (outcome: 'done' | 'failed' | 'refused') =>
      this.metrics.ended(job.queueName, registered?.job.name ?? 'unknown', outcome, performance.now() - startedAtMs);
    try {
      const result = await this.perform(job, registered);
      ended('done');
      return result;
    } catch (error) {
      ended(error instanceof UnrecoverableError ? 'refused' : 'failed');
      throw error;
    }
  }

  private async perform(job: BullJob, registered: Registered | undefined): Promise<unknown> {
    if (!registered) throw new UnrecoverableError(`Nobody handles ${job.queueName}/${job.name}.`);
    if (registered.job.kind === 'system') return this.performSystemJob(job, registered.handler as SystemJobHandler);
    const { payload, meta } = decodeJob(registered.job, job.data);
    const ctx = await this.open(meta, job.name);
    const report = (percent: number) => void job.updateProgress(percent).catch(() => undefined);
    await registered.handler.handle(ctx, payload as never, report);
    if (meta.outboxId !== undefined) await this.contexts.settle(ctx, meta.outboxId);
    return null;
  }

  /** A job that found nothing to do is not kept: among thousands of such rows, operators would not find the jobs that did something. */
  private async performSystemJob(job: BullJob, handler: SystemJobHandler): Promise<string | null> {
    const done = await handler.handle();
    if (done === null) job.opts.removeOnComplete = true;
    return done;
  }

  /** @throws UnrecoverableError when there never was such a tenant, LateJob when it was deleted */
  private async open({ tenantId, requestId }: JobMeta, jobName: string): Promise<RequestContext> {
    try {
      return await this.contexts.open(tenantId, requestId, jobName);
    } catch (error) {
      if (!(error instanceof CaasError) || error.kind !== 'not_found') throw error;
      if (await this.contexts.wasDeleted(tenantId)) throw new LateJob('The tenant was deleted.');
      throw new UnrecoverableError('There is no such tenant.');
    }
  }

  /** A refused job stays in the queue's failed set, which is the dead letter. Unless it is only late, it leaves an audit line. */
  private tellFailure(queue: QueueName, job: BullJob | undefined, error: Error): void {
    const { tenant_id, request_id } = (job?.data ?? {}) as { tenant_id?: unknown; request_id?: unknown };
    const fields = { queue, job: job?.name, tenant_id, request_id, attempt: job?.attemptsMade, reason: error.message };
    if (error instanceof LateJob) this.log.root.info(fields, 'job of a deleted tenant');
    else if (error instanceof UnrecoverableError) {
      this.contexts.refused(`${queue}/${job?.name}`, isTenantId(tenant_id) ? tenant_id : null, error.message);
    } else this.log.root.warn(fields, 'job failed');
  }
}

/** Decides without asking Redis: `Queues` added the job, and this is its first start, not one because its parking time ran out. */
function isAdmitted({ id, attemptsStarted, timestamp, opts }: BullJob, tenantId: TenantId): boolean {
  const isOurs = id!.startsWith(`${tenantId}-`) && attemptsStarted === 1;
  return isOurs && (!opts.delay || timestamp + opts.delay > Date.now());
}

/** A job of a tenant that was deleted after the job was queued: the job is valid, but too late. */
class LateJob extends UnrecoverableError {}
