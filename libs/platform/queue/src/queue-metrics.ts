import { Injectable } from '@nestjs/common';
import type { Job } from 'bullmq';
import { Counter, Gauge, Histogram } from 'prom-client';
import { LATENCY_BUCKETS, Metrics } from '#caas/platform/metrics';
import { Queues } from './queues';

const STATES = ['waiting', 'active', 'delayed', 'failed'] as const;
/** Scrapes within this time share one query. */
const KEPT_MS = 5_000;
const LONG_JOBS = [5, 15, 60, 300, 1200];

/** The state of the queues, queried from Redis on each scrape, and the jobs that this process has run. */
@Injectable()
export class QueueMetrics {
  private readonly jobs: Gauge;
  private readonly oldest: Gauge;
  private readonly done: Counter;
  private readonly duration: Histogram;
  private asked: Promise<void> | null = null;
  private askedAtMs = -Infinity;

  constructor(
    { registry }: Metrics,
    private readonly queues: Queues,
  ) {
    const registers = [registry];
    const collect = () => this.ask();
    this.jobs = new Gauge({
      name: 'caas_queue_jobs',
      help: 'Jobs of a queue by state; of those that are done no more is kept than Bull Board shows',
      labelNames: ['queue', 'state'],
      registers,
      collect,
    });
    this.oldest = new Gauge({
      name: 'caas_queue_oldest_waiting_seconds',
      help: 'For how long the oldest waiting job of a queue has waited; 0 when none does',
      labelNames: ['queue'],
      registers,
      collect,
    });
    this.done = new Counter({
      name: 'caas_jobs_total',
      help: 'Runs of jobs in this process, by outcome: done, failed (it is tried again, or given up), refused (it could not be a job of ours)',
      labelNames: ['queue', 'job', 'outcome'],
      registers,
    });
    this.duration = new Histogram({
      name: 'caas_job_duration_seconds',
      help: 'Time of one run of a job in this process',
      labelNames: ['queue', 'job'],
      buckets: [...LATENCY_BUCKETS, ...LONG_JOBS],
      registers,
    });
  }

  /** @param job a name of the contracts: text that anyone may write into Redis must not become a label */
  ended(queue: string, job: string, outcome: 'done' | 'failed' | 'refused', elapsedMs: number): void {
    this.done.inc({ queue, job, outcome });
    this.duration.observe({ queue, job }, elapsedMs / 1000);
  }

  /** Both gauges share one query. While Redis is unreachable they keep their last values; `caas_redis_up` shows that. */
  private ask(): Promise<void> {
    if (performance.now() - this.askedAtMs < KEPT_MS) return this.asked ?? Promise.resolve();
    this.askedAtMs = performance.now();
    this.asked = this.look().catch(() => undefined);
    return this.asked;
  }

  private async look(): Promise<void> {
    await Promise.all(
      this.queues.all().map(async (queue) => {
        const [counts, oldest] = await Promise.all([
          queue.getJobCounts(...STATES),
          queue.getJobs(['waiting'], 0, 0, true),
        ]);
        for (const state of STATES) this.jobs.set({ queue: queue.name, state }, counts[state] ?? 0);
        const since = oldest[0] ? waitingSince(oldest[0]) : Date.now();
        this.oldest.set({ queue: queue.name }, Math.max(0, Date.now() - since) / 1000);
      }),
    );
  }
}

type WaitingJob = Pick<Job, 'timestamp' | 'opts' | 'finishedOn' | 'processedOn'>;

/** When the job could first run, in milliseconds since 1970: after its delay, or since it last failed. */
export function waitingSince({ timestamp, opts, finishedOn, processedOn }: WaitingJob): number {
  return Math.max(timestamp + (opts.delay ?? 0), finishedOn ?? 0, processedOn ?? 0);
}
