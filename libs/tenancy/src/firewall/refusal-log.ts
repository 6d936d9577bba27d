import { Injectable } from '@nestjs/common';
import type { TenantId } from '#caas/kernel';
import { Log } from '#caas/platform/logging';
import type { Refusal } from './tenant-firewall';

/** Something that was refused, as an audit trail keeps it. */
export interface RefusalNote {
  action: 'firewall.refused' | 'job.refused';
  tenantId: TenantId | null;
  details: Record<string, unknown>;
}

type Listener = (note: RefusalNote) => void;

/** Where the refusals of tenancy go: the log at once, and whoever keeps an audit trail. */
@Injectable()
export class RefusalLog {
  private readonly listeners = new Set<Listener>();

  constructor(private readonly log: Log) {}

  on(listener: Listener): void {
    this.listeners.add(listener);
  }

  /** A command of ours that would have left its tenant: a fault of the code. */
  add({ tenantId, ...details }: Refusal): void {
    this.log.root.error({ ...details, tenant_id: tenantId }, 'the tenant firewall refused a command');
    this.tell({ action: 'firewall.refused', tenantId, details });
  }

  /** A job that nobody here can have put into its queue as it is. */
  addJob(job: string, tenantId: TenantId | null, reason: string): void {
    this.log.root.warn({ job, tenant_id: tenantId, reason }, 'a job was refused');
    this.tell({ action: 'job.refused', tenantId, details: { job, reason } });
  }

  private tell(note: RefusalNote): void {
    for (const listener of this.listeners) listener(note);
  }
}
