import { Injectable, type OnModuleInit } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import { ObjectId } from 'bson';
import type { Model } from 'mongoose';
import { cutPage, type Page, type PageRequest, type TenantId } from '#caas/kernel';
import { TenantAuditEvents, type OperatorContext } from '#caas/access';
import { Log } from '#caas/platform/logging';
import { RefusalLog } from '#caas/tenancy';
import { AuditEntry } from '../persistence/audit-entry.schema';
import { PLATFORM } from '../persistence/platform-database';

export type AuditAction =
  | 'tenant.created'
  | 'tenant.updated'
  | 'tenant.suspended'
  | 'tenant.activated'
  | 'tenant.tier_changed'
  | 'tenant.quotas_changed'
  | 'tenant.deleted'
  | 'tenant.sweep_given_up'
  | 'server_key.created'
  | 'server_key.revoked'
  | 'signing_key.created'
  | 'signing_key.revoked'
  | 'credential.refused'
  | 'settings.changed'
  | 'settings.granted'
  | 'archive.hold_placed'
  | 'archive.hold_lifted'
  | 'archive.exported'
  | 'archive.restored'
  | 'archive.erased'
  | 'jobs.retried'
  | 'jobs.removed'
  | 'queue.changed'
  | 'firewall.refused'
  | 'job.refused';

/** An operator, or a tenant's own server. */
type Author = OperatorContext | { name: string; requestId: string };

@Injectable()
export class AuditLog implements OnModuleInit {
  constructor(
    @InjectModel(AuditEntry.name, PLATFORM) private readonly entries: Model<AuditEntry>,
    private readonly refusals: RefusalLog,
    private readonly acts: TenantAuditEvents,
    private readonly log: Log,
  ) {}

  onModuleInit(): void {
    this.refusals.on(({ action, tenantId, details }) => {
      this.note({ name: 'system', requestId: '' }, action, tenantId, details);
    });
    this.acts.on(({ action, tenantId, actor, requestId, details }) => {
      this.note({ name: actor, requestId }, action, tenantId, details);
    });
  }

  /** Records an action that has already happened. If writing fails, the action is kept, and the failure is logged. */
  note(...[author, action, tenantId, details]: Parameters<AuditLog['write']>): void {
    this.write(author, action, tenantId, details).catch((error: Error) => {
      this.log.root.error({ action, reason: error.message }, 'an act could not be written to the audit log');
    });
  }

  async write(
    author: Author,
    action: AuditAction,
    tenantId: TenantId | null,
    details: Record<string, unknown> = {},
  ): Promise<void> {
    const entry = { at: new Date(), actor: author.name, action, tenant_id: tenantId, details };
    await this.entries.insertMany([{ _id: new ObjectId(), ...entry, request_id: author.requestId || null }], {
      lean: true,
    });
  }

  async page(request: PageRequest, tenantId: TenantId | null): Promise<Page<AuditEntry>> {
    const backward = request.direction === 'backward';
    const filter: Record<string, unknown> = tenantId === null ? {} : { tenant_id: tenantId };
    if (request.cursor !== null) filter._id = { [backward ? '$lt' : '$gt']: new ObjectId(request.cursor) };
    const rows = await this.entries
      .find(filter)
      .sort({ _id: backward ? -1 : 1 })
      .limit(request.limit + 1)
      .lean<AuditEntry[]>();
    return cutPage(rows, request, ({ _id }) => _id.toHexString());
  }
}
