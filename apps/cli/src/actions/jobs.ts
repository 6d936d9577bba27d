import type { INestApplicationContext } from '@nestjs/common';
import type { Job, Queue } from 'bullmq';
import { QUEUES, type QueueName } from '#caas/contracts';
import { AuditLog } from '#caas/control-plane';
import { isTenantId, type TenantId } from '#caas/kernel';
import { Queues, waitingSince } from '#caas/platform/queue';
import { JOB_STATES } from '../commands/care';
import type * as spec from '../commands/care';
import type { Answer, InputOf, Session } from '../framework/command';
import { UsageError } from '../framework/errors';

type JobState = (typeof JOB_STATES)[number];

const PAGE = 200;
const UNLESS_GIVEN = 50;

export async function queues(_input: InputOf<typeof spec.jobsQueues>, { app }: Session): Promise<Answer> {
  const data = await Promise.all(
    app
      .get(Queues)
      .all()
      .map(async (queue) => {
        const counts = (await queue.getJobCounts(...JOB_STATES)) as Record<JobState, number>;
        const [oldest] = await queue.getJobs(['waiting'], 0, 0, true);
        return { queue: queue.name, ...counts, oldest_waiting_at: oldest ? isoOf(waitingSince(oldest)) : null };
      }),
  );
  const lines = data.map(
    ({ queue, waiting, active, delayed, failed, oldest_waiting_at }) =>
      `${queue.padEnd(14)} ${waiting} waiting, ${active} active, ${delayed} delayed, ${failed} failed` +
      (oldest_waiting_at ? `, the oldest since ${oldest_waiting_at}` : ''),
  );
  return { data, lines };
}

export async function list(
  { words, options: { state = 'failed', tenant, limit = UNLESS_GIVEN } }: InputOf<typeof spec.jobsList>,
  { app }: Session,
): Promise<Answer> {
  const queue = queueNamed(app, words.queue);
  const jobs = [];
  for await (const job of jobsOf(queue, state)) {
    if (tenant !== undefined && tenantOf(job) !== tenant) continue;
    jobs.push(view(job, state));
    if (jobs.length === limit) break;
  }
  const lines = jobs.map(
    ({ id, name, tenant_id, created_at, attempts, failed_reason }) =>
      `${id}  ${name.padEnd(22)} ${(tenant_id ?? '').padEnd(30)} ${created_at} ${attempts} attempts` +
      (failed_reason ? `\n    ${failed_reason}` : ''),
  );
  return { data: jobs, lines: [...lines, `${jobs.length} ${state} jobs of ${queue.name}`] };
}

export async function retry({ words, options }: InputOf<typeof spec.jobsRetry>, session: Session): Promise<Answer> {
  const queue = queueNamed(session.app, words.queue);
  const chosen = await failedJobs(queue, options);
  if (options['dry-run']) return told(queue, chosen, 'would be done again', true);
  const done = await each(chosen, (job) => job.retry('failed'));
  await audit(session, 'jobs.retried', queue, done, options.tenant);
  return told(queue, done, 'are done again', false, chosen.length - done.length);
}

export async function remove({ words, options }: InputOf<typeof spec.jobsRemove>, session: Session): Promise<Answer> {
  const queue = queueNamed(session.app, words.queue);
  const chosen = await failedJobs(queue, options);
  if (options['dry-run']) return told(queue, chosen, 'would be removed', true);
  if (!options.yes) {
    throw new UsageError(`This removes ${chosen.length} failed jobs of ${queue.name}: add --yes.`, 'not_confirmed');
  }
  const done = await each(chosen, (job) => job.remove());
  await audit(session, 'jobs.removed', queue, done, options.tenant);
  return told(queue, done, 'are removed', false, chosen.length - done.length);
}

function queueNamed(app: INestApplicationContext, name: string): Queue {
  if ((QUEUES as readonly string[]).includes(name)) return app.get(Queues).queue(name as QueueName);
  throw new UsageError(`There is no queue "${name}". There is: ${QUEUES.join(', ')}.`, 'queue_not_found');
}

/** @throws UsageError when the one that was named has not failed, or is not there */
async function failedJobs(queue: Queue, options: { job?: string; tenant?: TenantId }): Promise<Job[]> {
  const chosen: Job[] = [];
  for await (const job of jobsOf(queue, 'failed')) {
    if (options.job !== undefined && job.id !== options.job) continue;
    if (options.tenant !== undefined && tenantOf(job) !== options.tenant) continue;
    chosen.push(job);
  }
  if (options.job !== undefined && chosen.length === 0) {
    throw new UsageError(`${queue.name} has no failed job ${options.job}.`, 'job_not_found');
  }
  return chosen;
}

async function* jobsOf(queue: Queue, state: JobState): AsyncIterable<Job> {
  for (let from = 0; ; from += PAGE) {
    const some = await queue.getJobs([state], from, from + PAGE - 1, false);
    // A job that ended in between is there no more.
    yield* some.filter(Boolean);
    if (some.length === 0) return;
  }
}

function view(job: Job, state: JobState) {
  const { tenant_id: _t, request_id, v: _v, outbox_id: _o, ...payload } = (job.data ?? {}) as Record<string, unknown>;
  return {
    id: job.id!,
    queue: job.queueName,
    name: job.name,
    state,
    tenant_id: tenantOf(job),
    request_id: typeof request_id === 'string' ? request_id : null,
    payload,
    attempts: job.attemptsMade,
    failed_reason: job.failedReason ?? null,
    created_at: isoOf(job.timestamp),
    processed_at: job.processedOn ? isoOf(job.processedOn) : null,
    finished_at: job.finishedOn ? isoOf(job.finishedOn) : null,
  };
}

function tenantOf(job: Job): TenantId | null {
  const { tenant_id } = (job.data ?? {}) as { tenant_id?: unknown };
  return isTenantId(tenant_id) ? tenant_id : null;
}

/** One that is no longer as it was (it was tried again, or is gone) is no reason to leave the others. @returns those of which it was done */
async function each(jobs: Job[], work: (job: Job) => Promise<unknown>): Promise<Job[]> {
  const done: Job[] = [];
  for (const job of jobs) {
    await work(job).then(
      () => done.push(job),
      () => undefined,
    );
  }
  return done;
}

function told(queue: Queue, jobs: Job[], what: string, dryRun: boolean, left = 0): Answer {
  const lines = jobs.map((job) => `${job.id}  ${job.name} ${tenantOf(job) ?? ''}`.trimEnd());
  const data = { queue: queue.name, jobs: jobs.map((job) => view(job, 'failed')), left, dry_run: dryRun };
  const sum = `${jobs.length} failed jobs of ${queue.name} ${what}`;
  const others = left === 0 ? [] : [`${left} were no longer as they had been, and were left`];
  return { data, lines: [...lines, sum, ...others], failed: left > 0 };
}

const audit = (
  { app, operator }: Session,
  action: 'jobs.retried' | 'jobs.removed',
  queue: Queue,
  jobs: Job[],
  tenant: TenantId | undefined,
) => app.get(AuditLog).write(operator, action, tenant ?? null, { queue: queue.name, jobs: jobs.length });

const isoOf = (ms: number): string => new Date(ms).toISOString();
