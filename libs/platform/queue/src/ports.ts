import type { RequestContext, TenantId } from '#caas/kernel';

/** What the worker asks of tenancy. */
export abstract class JobContexts {
  /** @throws CaasError `tenant_not_found` when the tenant is gone: the job is refused for good */
  abstract open(tenantId: TenantId, requestId: string, jobName: string): Promise<RequestContext>;

  /** The work that the outbox row stands for is done. */
  abstract settle(ctx: RequestContext, outboxId: string): Promise<void>;

  /** A job was refused as forged, malformed or late. */
  abstract refused(jobName: string, tenantId: TenantId | null, reason: string): void;
}
