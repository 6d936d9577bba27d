import { Injectable } from '@nestjs/common';
import { ObjectId } from 'bson';
import type { RequestContext, TenantId } from '#caas/kernel';
import { JobContexts } from '#caas/platform/queue';
import { RefusalLog } from '../firewall/refusal-log';
import { outbox } from '../outbox/outbox-entry.schema';
import { RequestContexts } from '../request-contexts';
import { TenantDirectory } from '../tenant-directory';

/**
 * Makes a job's context: the tenant's current state, with a system actor. Jobs of a suspended tenant run; jobs of a deleted
 * tenant do not.
 */
@Injectable()
export class TenantJobContexts extends JobContexts {
  constructor(
    private readonly contexts: RequestContexts,
    private readonly directory: TenantDirectory,
    private readonly refusals: RefusalLog,
  ) {
    super();
  }

  override open(tenantId: TenantId, requestId: string, jobName: string): Promise<RequestContext> {
    return this.contexts.openFor(tenantId, { kind: 'system', name: jobName }, requestId);
  }

  override wasDeleted(tenantId: TenantId): Promise<boolean> {
    return this.directory.wasDeleted(tenantId);
  }

  override async settle(ctx: RequestContext, outboxId: string): Promise<void> {
    await ctx.repository(outbox).deleteOne({ _id: new ObjectId(outboxId) });
  }

  override refused(jobName: string, tenantId: TenantId | null, reason: string): void {
    this.refusals.addJob(jobName, tenantId, reason);
  }
}
