import { getQueueToken } from '@nestjs/bullmq';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import type { Queue } from 'bullmq';
import { QUEUES, type JobPayload, type QueueName, type SystemJob, type TenantJob } from '#caas/contracts';
import { encodeJob, type JobMeta } from './job-data';

const KEEP_COMPLETED = 1_000;
const KEEP_FAILED = 10_000;
const ATTEMPTS = 5;
const FIRST_RETRY_MS = 1_000;

export const JOB_OPTIONS = {
  attempts: ATTEMPTS,
  backoff: { type: 'exponential', delay: FIRST_RETRY_MS },
  removeOnComplete: { count: KEEP_COMPLETED },
  removeOnFail: { count: KEEP_FAILED },
} as const;

/** The way into the queues. What must not be lost is written to the outbox first: see `libs/tenancy/src/outbox`. */
@Injectable()
export class Queues implements OnModuleInit {
  constructor(private readonly modules: ModuleRef) {}

  /** The connection says itself when Redis is away, once; a queue without a listener prints every attempt. */
  onModuleInit(): void {
    for (const queue of this.all()) queue.on('error', () => undefined);
  }

  /** @throws when Redis is away */
  async add<J extends TenantJob>(job: J, payload: JobPayload<J>, meta: JobMeta): Promise<void> {
    await this.queue(job.queue).add(job.name, encodeJob(job, payload, meta), JOB_OPTIONS);
  }

  /** Makes sure that a repeated job is planned, once for all processes; leaves one alone that is. */
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
