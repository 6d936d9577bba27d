import { Injectable, SetMetadata } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import type { RequestContext } from '#caas/kernel';
import { JOBS, jobKey, type Job, type JobPayload, type SystemJob, type TenantJob } from '#caas/contracts';

const HANDLES = Symbol('handles');

/** Marks a provider as the handler of a job. */
export const Handles = (job: Job): ClassDecorator => SetMetadata(HANDLES, job) as ClassDecorator;

/** Reports a job's progress to operators. Never fails. */
export type ReportProgress = (percent: number) => void;

/** A handler must be safe to run twice, and to be killed at any instruction. */
export interface TenantJobHandler<J extends TenantJob> {
  handle(ctx: RequestContext, payload: JobPayload<J>, report: ReportProgress): Promise<void>;
}

export interface SystemJobHandler {
  /** @returns a summary of what was done, for operators; null when there was nothing to do, and then the completed job is not kept */
  handle(): Promise<string | null>;
}

export type Registered =
  { job: TenantJob; handler: TenantJobHandler<TenantJob> } | { job: SystemJob; handler: SystemJobHandler };

/** Maps each job to its handler. A job without a handler, or a handler without a job, stops the process from starting. */
@Injectable()
export class JobHandlers {
  constructor(private readonly discovery: DiscoveryService) {}

  /** @throws Error naming every job without a handler, with two, or unknown to the contracts */
  collect(jobs: readonly Job[] = JOBS): Map<string, Registered> {
    const problems: string[] = [];
    const handlers = new Map<string, Registered>();
    for (const { instance, metatype } of this.discovery.getProviders()) {
      if (typeof metatype !== 'function') continue;
      const job = Reflect.getMetadata(HANDLES, metatype) as Job | undefined;
      if (!job) continue;
      const key = jobKey(job);
      if (handlers.has(key) && handlers.get(key)!.handler !== instance) problems.push(`${key} has two handlers`);
      if (!jobs.includes(job)) problems.push(`${metatype.name} handles ${key}, which the contracts do not list`);
      handlers.set(key, { job, handler: instance } as Registered);
    }
    for (const job of jobs) if (!handlers.has(jobKey(job))) problems.push(`${jobKey(job)} has no handler`);
    if (problems.length > 0) throw new Error(`Jobs and handlers do not match:\n  ${problems.join('\n  ')}`);
    return handlers;
  }
}
