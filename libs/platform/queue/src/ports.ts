import type { RequestContext, TenantId } from '#caas/kernel';

/** What the worker asks of tenancy. */
export abstract class JobContexts {
  /** @throws CaasError `tenant_not_found` when there is no such tenant: the job is refused for good */
  abstract open(tenantId: TenantId, requestId: string, jobName: string): Promise<RequestContext>;

  /** Whether there was such a tenant: its job is late, and not forged. */
  abstract wasDeleted(tenantId: TenantId): Promise<boolean>;

  /** The work that the outbox row stands for is done. */
  abstract settle(ctx: RequestContext, outboxId: string): Promise<void>;

  /** A job was refused as forged or malformed. */
  abstract refused(jobName: string, tenantId: TenantId | null, reason: string): void;
}
