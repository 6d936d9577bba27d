import { Injectable } from '@nestjs/common';
import type { RequestContext, Tenant } from '#caas/kernel';
import { JOBS, jobKey, sweepOutbox, type TenantJob } from '#caas/contracts';
import { Log } from '#caas/platform/logging';
import { Handles, Queues, type SystemJobHandler } from '#caas/platform/queue';
import { RequestContexts } from '../request-contexts';
import { TenantRotation } from '../tenant-rotation';
import { TenantDirectory } from '../tenant-directory';
import { DirtyTenants } from './dirty-tenants';
import { OutboxMetrics } from './outbox-metrics';
import { outbox, type OutboxEntry } from './outbox-entry.schema';

const DIRTY_AT_ONCE = 200;
const ROTATION_AT_ONCE = 20;
const ROWS_AT_ONCE = 200;
/** An entry whose job waits behind other jobs of its tenant is checked again after this time. */
const BEHIND_MS = 15_000;
/** For at most this long: after that, the job may be lost. */
const BEHIND_AT_MOST_MS = 6 * 60 * 60_000;
const BACKOFF_MS = [15_000, 60_000, 5 * 60_000, 30 * 60_000, 2 * 60 * 60_000];

const TENANT_JOBS = new Map(
  JOBS.filter((job): job is TenantJob => job.kind === 'tenant').map((job) => [jobKey(job), job] as const),
);

/** Queues jobs again whose work should have been done by now: for tenants with a mark, and for all tenants in a slow rotation. */
@Handles(sweepOutbox)
@Injectable()
export class OutboxSweeper implements SystemJobHandler {
  private readonly rotation: TenantRotation;
  private enqueued = 0;

  constructor(
    private readonly contexts: RequestContexts,
    private readonly directory: TenantDirectory,
    private readonly dirty: DirtyTenants,
    private readonly queues: Queues,
    private readonly log: Log,
    private readonly metrics: OutboxMetrics,
  ) {
    this.rotation = new TenantRotation(contexts, directory, { job: sweepOutbox.name, tenants: ROTATION_AT_ONCE });
  }

  async handle(): Promise<string | null> {
    this.enqueued = 0;
    for (const { tenantId, markedAt } of await this.dirty.list(DIRTY_AT_ONCE)) {
      const tenant = await this.directory.find(tenantId);
      const rowsLeft = tenant ? await this.sweep(tenant) : false;
      if (!rowsLeft) await this.dirty.clear(tenantId, markedAt);
    }
    await this.rotation.next(async ({ tenant }) => {
      await this.sweep(tenant);
      return null;
    });
    return this.enqueued === 0 ? null : `${this.enqueued} rows went back into their queues`;
  }

  /** Queues the tenant's due entries. Returns true when its outbox still has entries, due or not. */
  async sweep(tenant: Tenant): Promise<boolean> {
    const ctx = this.contexts.open(tenant, { kind: 'system', name: sweepOutbox.name }, 'sweep');
    const rows = ctx.repository(outbox);
    const now = Date.now();
    const due = await rows.find({ due_at: { $lte: new Date(now) } }, { sort: { due_at: 1 }, limit: ROWS_AT_ONCE });
    for (const row of await this.withoutBehind(ctx, due, now)) {
      const backoffMs = BACKOFF_MS[Math.min(row.sweeps, BACKOFF_MS.length - 1)]!;
      // Of several sweepers, only the one whose update succeeds queues the row's job.
      const moved = await rows.updateOne(
        { _id: row._id, sweeps: row.sweeps },
        { $set: { due_at: new Date(now + backoffMs) }, $inc: { sweeps: 1 } },
      );
      if (moved.modified === 1) await this.enqueue(tenant, row);
    }
    return due.length > 0 || (await rows.findOne({})) !== null;
  }

  /** Postpones rows whose jobs wait behind the tenant's own backlog, so that they are not queued twice. @returns the other rows */
  private async withoutBehind(ctx: RequestContext, due: OutboxEntry[], now: number): Promise<OutboxEntry[]> {
    const behind = new Set<string>();
    for (const name of new Set(due.map(({ job }) => job))) {
      const job = TENANT_JOBS.get(name);
      if (job && (await this.queues.isBehind(job, ctx.tenantId))) behind.add(name);
    }
    const isBehind = ({ job, created_at }: OutboxEntry) =>
      behind.has(job) && created_at.getTime() > now - BEHIND_AT_MOST_MS;
    const ids = due.filter(isBehind).map(({ _id }) => _id);
    if (ids.length === 0) return due;
    const due_at = new Date(now + BEHIND_MS);
    await ctx.repository(outbox).updateMany({ _id: { $in: ids } }, { $set: { due_at } });
    return due.filter((row) => !isBehind(row));
  }

  private async enqueue(tenant: Tenant, row: OutboxEntry): Promise<void> {
    const job = TENANT_JOBS.get(row.job);
    if (!job) {
      this.log.root.error(
        { tenant_id: tenant.id, job: row.job },
        'the outbox holds a job that this version does not know',
      );
      return;
    }
    const meta = { tenantId: tenant.id, requestId: row.request_id, outboxId: row._id.toHexString() };
    await this.queues.add(job, row.payload, meta);
    this.enqueued += 1;
    this.metrics.swept();
  }
}
