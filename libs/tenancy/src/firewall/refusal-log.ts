import { Injectable } from '@nestjs/common';
import type { TenantId } from '#caas/kernel';
import { Log } from '#caas/platform/logging';
import type { Refusal } from './tenant-firewall';

/** A refusal, for the audit log. */
export interface RefusalNote {
  action: 'firewall.refused' | 'job.refused';
  tenantId: TenantId | null;
  details: Record<string, unknown>;
}

type Listener = (note: RefusalNote) => void;

/** Records refusals by tenancy: in the log at once, and for the listener that writes the audit log. */
@Injectable()
export class RefusalLog {
  private readonly listeners = new Set<Listener>();

  constructor(private readonly log: Log) {}

  on(listener: Listener): void {
    this.listeners.add(listener);
  }

  /** A command of ours that would have left its tenant: a programming error. */
  add({ tenantId, ...details }: Refusal): void {
    this.log.root.error({ ...details, tenant_id: tenantId }, 'the tenant firewall refused a command');
    this.tell({ action: 'firewall.refused', tenantId, details });
  }

  /** A job that CaaS cannot have queued in this form. */
  addJob(job: string, tenantId: TenantId | null, reason: string): void {
    this.log.root.warn({ job, tenant_id: tenantId, reason }, 'a job was refused');
    this.tell({ action: 'job.refused', tenantId, details: { job, reason } });
  }

  private tell(note: RefusalNote): void {
    for (const listener of this.listeners) listener(note);
  }
}
