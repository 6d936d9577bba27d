import type { RequestContext, TenantId } from '#caas/kernel';

/** What the worker asks of tenancy. */
export abstract class JobContexts {
  /** @throws CaasError `tenant_not_found` when there is no such tenant: the job is refused for good */
  abstract open(tenantId: TenantId, requestId: string, jobName: string): Promise<RequestContext>;

  /** Whether the tenant existed once: then its job is late, not forged. */
  abstract wasDeleted(tenantId: TenantId): Promise<boolean>;

  /** Marks the work of an outbox row as done. */
  abstract settle(ctx: RequestContext, outboxId: string): Promise<void>;

  /** A job was refused as forged or malformed. */
  abstract refused(jobName: string, tenantId: TenantId | null, reason: string): void;
}
