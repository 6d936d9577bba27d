import { Injectable } from '@nestjs/common';
import { repairReferences, sweepReferences } from '#caas/contracts';
import { newRequestId, type TenantId } from '#caas/kernel';
import { Handles, Queues, type SystemJobHandler } from '#caas/platform/queue';
import { TenantDirectory } from '#caas/tenancy';

const TENANTS_AT_ONCE = 200;

/** Starts every tenant's repair, hourly. An interrupted sweep leaves the remaining tenants to the next hour. */
@Injectable()
@Handles(sweepReferences)
export class SweepReferencesProcessor implements SystemJobHandler {
  constructor(
    private readonly tenants: TenantDirectory,
    private readonly queues: Queues,
  ) {}

  async handle(): Promise<string | null> {
    let after: TenantId | null = null;
    let visited = 0;
    for (;;) {
      const tenants = await this.tenants.list(after, TENANTS_AT_ONCE);
      for (const { id } of tenants) {
        await this.queues.add(repairReferences, {}, { tenantId: id, requestId: newRequestId() });
      }
      visited += tenants.length;
      if (tenants.length < TENANTS_AT_ONCE) return visited === 0 ? null : `${visited} tenants are looked through`;
      after = tenants.at(-1)!.id;
    }
  }
}
