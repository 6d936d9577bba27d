import { Injectable } from '@nestjs/common';
import { ObjectId } from 'bson';
import type { RequestContext } from '#caas/kernel';
import { jobKey, type JobPayload, type TenantJob } from '#caas/contracts';
import { Log } from '#caas/platform/logging';
import { Queues } from '#caas/platform/queue';
import { DirtyTenants } from './dirty-tenants';
import { outbox } from './outbox-entry.schema';

/** The time in which the job should be done without the sweeper. */
const FIRST_SWEEP_AFTER_MS = 15_000;

/** Records jobs that must not be lost: an entry is written with the change that causes it, into the tenant's own placement. */
@Injectable()
export class Outbox {
  constructor(
    private readonly queues: Queues,
    private readonly dirty: DirtyTenants,
    private readonly log: Log,
  ) {}

  /**
   * Call it inside the transaction of the change. After the commit the job is queued at once. If that fails, or Redis is emptied,
   * the sweeper queues the job again until its handler has finished.
   */
  async record<J extends TenantJob>(ctx: RequestContext, job: J, payload: JobPayload<J>): Promise<void> {
    const _id = new ObjectId();
    await ctx.repository(outbox).insertOne({
      _id,
      job: jobKey(job),
      payload: job.payload.parse(payload) as Record<string, unknown>,
      request_id: ctx.requestId,
      due_at: new Date(Date.now() + FIRST_SWEEP_AFTER_MS),
      sweeps: 0,
    });
    ctx.afterCommit(() => {
      const meta = { tenantId: ctx.tenantId, requestId: ctx.requestId, outboxId: _id.toHexString() };
      Promise.all([this.dirty.mark(ctx.tenantId), this.queues.add(job, payload, meta)]).catch((error: Error) => {
        this.log.of(ctx).warn({ job: jobKey(job), reason: error.message }, 'not queued; the sweeper will');
      });
    });
  }
}
