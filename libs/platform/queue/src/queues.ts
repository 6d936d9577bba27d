import { randomUUID } from 'node:crypto';
import { getQueueToken } from '@nestjs/bullmq';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { Job as BullJob, type Queue } from 'bullmq';
import { QUEUES, type JobPayload, type QueueName, type SystemJob, type TenantJob } from '#caas/contracts';
import type { TenantId } from '#caas/kernel';
import { Admission, type Ticket } from './admission/admission';
import { encodeJob, type JobMeta } from './job-data';

const KEEP_COMPLETED = 1_000;
const KEEP_FAILED = 10_000;
const ATTEMPTS = 5;
const FIRST_RETRY_MS = 1_000;

/** A parked job that was never promoted runs by itself after this time. */
export const PARKED_FOR_MS = 60 * 60_000;

const JOB_OPTIONS = {
  attempts: ATTEMPTS,
  backoff: { type: 'exponential', delay: FIRST_RETRY_MS },
  removeOnComplete: { count: KEEP_COMPLETED },
  removeOnFail: { count: KEEP_FAILED },
} as const;

/** Adds jobs to the queues. A job that must not be lost is written to the outbox first: see `libs/tenancy/src/outbox`. */
@Injectable()
export class Queues implements OnModuleInit {
  constructor(
    private readonly modules: ModuleRef,
    private readonly admission: Admission,
  ) {}

  /** The connection logs once when Redis is unreachable. A queue without a listener would print every attempt. */
  onModuleInit(): void {
    for (const queue of this.all()) queue.on('error', () => undefined);
  }

  /**
   * Adds a job. When a tenant has more jobs than slots, its jobs wait for each other and delay no other tenant. @throws when
   * Redis is unreachable
   */
  async add<J extends TenantJob>(job: J, payload: JobPayload<J>, meta: JobMeta): Promise<void> {
    const data = encodeJob(job, payload, meta);
    const { tenantId } = meta;
    const ticket = { queue: job.queue, tenantId, id: `${tenantId}-${randomUUID()}`, createdAt: Date.now() };
    const isAdmitted = await this.admission.enter(ticket);
    const delay = isAdmitted ? {} : { delay: PARKED_FOR_MS };
    const options = { ...JOB_OPTIONS, ...delay, jobId: ticket.id, timestamp: ticket.createdAt };
    await this.queue(job.queue).add(job.name, data, options);
    if (!isAdmitted) await this.promoteIfAdmitted(ticket);
  }

  /** For a job that was just parked: it may have been admitted, or passed over, while BullMQ did not have it yet. */
  async promoteIfAdmitted(ticket: Ticket): Promise<void> {
    if (await this.admission.resume(ticket)) await this.promote(ticket.queue, [ticket.id]);
  }

  /** Moves parked jobs to the workers; jobs that are not delayed stay as they are. */
  async promote(name: QueueName, ids: string[]): Promise<void> {
    const queue = this.queue(name);
    const all = ids.map((id) => new BullJob(queue, '', {}, {}, id).promote());
    await Promise.allSettled(all);
  }

  /** Whether the tenant's jobs of this queue wait for each other. Then a job added some time ago is late, not lost. */
  isBehind({ queue }: TenantJob, tenantId: TenantId): Promise<boolean> {
    return this.admission.isBehind({ queue, tenantId });
  }

  /** Schedules a repeated job, once for all processes; an existing schedule with the same period is kept. */
  async schedule(job: SystemJob): Promise<void> {
    const queue = this.queue(job.queue);
    const planned = await queue.getJobScheduler(job.name);
    if (planned && planned.every === job.everyMs) return;
    await queue.upsertJobScheduler(job.name, { every: job.everyMs }, { name: job.name, data: {}, opts: JOB_OPTIONS });
  }

  queue(name: QueueName): Queue {
    return this.modules.get<Queue>(getQueueToken(name), { strict: false });
  }

  all(): Queue[] {
    return QUEUES.map((name) => this.queue(name));
  }
}
