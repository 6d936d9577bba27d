import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import {
  conflict,
  invalid,
  newTenantId,
  notFound,
  PLACEMENT_OF_TIER,
  Preconditions,
  type Page,
  type PageRequest,
  type Quota,
  type TenantId,
  type Tier,
} from '#caas/kernel';
import type { OperatorContext } from '#caas/access';
import { ObjectStorage } from '#caas/platform/storage';
import { Placements, type IndexChanges, type PlacementDescription } from '#caas/tenancy';
import { AuditLog } from '../audit/audit-log.repository';
import { TenantServerKeys } from '../keys/server-keys.repository';
import { TenantSigningKeys } from '../keys/signing-keys.repository';
import type { ProvisioningLease, TenantRecord } from '../persistence/tenant.schema';
import { requireTenantName } from './tenant-name';
import { isServed, TenantsRepository } from './tenants.repository';

export interface NewTenant {
  name: string;
  tier: Tier;
  id?: TenantId;
  database_uri?: string;
}

export interface CreatedTenant {
  tenant: TenantRecord;
  serverKey: { id: string; key: string };
  signingKey: { kid: string; secret: string };
}

const SERVED = ['active', 'suspended'] as const;
/** The lease of a creation, renewed while it runs: after a crash, the next creation can resume it this much later. */
const LEASE_MS = 30_000;
const TENANTS_AT_ONCE = 100;
/** Longer than any process may still treat the tenant as active, plus the duration of a write. */
const SWEEP_AFTER_MS = 10_000;
/** A placement that cannot be reached for this long is given up. */
const SWEEP_FOR_MS = 24 * 60 * 60_000;
/** Each has a folder of every tenant's own. */
const OBJECT_FOLDERS = ['media', 'archive'];

/**
 * The life of a tenant: provisioning → active ⇄ suspended → deleting → deleted. Its placement and all its indexes exist
 * before it is active; its id is kept for good when it is gone.
 */
@Injectable()
export class TenantsService {
  constructor(
    private readonly tenants: TenantsRepository,
    private readonly serverKeys: TenantServerKeys,
    private readonly signingKeys: TenantSigningKeys,
    private readonly placements: Placements,
    private readonly storage: ObjectStorage,
    private readonly audit: AuditLog,
  ) {}

  /**
   * Of concurrent creations with one id, exactly one succeeds; the others change nothing. A creation that was interrupted before its
   * answer, so that nobody received its keys, is resumed by the next one with the same id and tier: at once after a failure, half a
   * minute after a crash.
   * @throws CaasError `tenant_exists` (409), `invalid_name`, `database_uri_needs_enterprise`, `database_uri_unusable` (400)
   */
  async create(operator: OperatorContext, wanted: NewTenant): Promise<CreatedTenant> {
    requireTenantName(wanted.name);
    if (wanted.database_uri !== undefined && PLACEMENT_OF_TIER[wanted.tier] !== 'dedicated') {
      throw invalid(
        'database_uri_needs_enterprise',
        'Only a tenant with a database of its own can bring a database_uri.',
      );
    }
    const id = wanted.id ?? newTenantId();
    const now = new Date();
    const lease = { holder: randomUUID(), until: leasedUntil() };
    const draft: TenantRecord = {
      _id: id,
      name: wanted.name,
      tier: wanted.tier,
      status: 'provisioning',
      database_uri: this.tenants.sealUri(id, wanted.database_uri ?? null),
      lease,
      created_at: now,
      updated_at: now,
    };
    const place = this.tenants.tenantOf(draft);
    await this.placements.onOwnDatabase(place, () => this.placements.probe(place));
    if (!(await this.tenants.insert(draft))) await this.takeOver(id, draft, lease);
    const renewal = setInterval(() => {
      // A failed renewal is ignored here: activation detects a lost lease.
      this.tenants.renew(id, { ...lease, until: leasedUntil() }).catch(() => undefined);
    }, LEASE_MS / 3);
    try {
      await this.placements.onOwnDatabase(place, () => this.placements.provision(place));
      return await this.activate(operator, id, lease);
    } catch (error) {
      await this.tenants.release(id, lease).catch(() => undefined);
      throw error;
    } finally {
      clearInterval(renewal);
    }
  }

  /** @throws CaasError `tenant_not_found` (404) */
  async get(id: TenantId): Promise<TenantRecord> {
    const record = await this.tenants.read(id);
    if (!record || !isServed(record)) throw notFound('tenant');
    return record;
  }

  page(request: PageRequest & { after: TenantId | null }): Promise<Page<TenantRecord>> {
    return this.tenants.page(request, [...SERVED]);
  }

  /** @throws CaasError `tenant_not_found` (404), `invalid_name` (400), `stale_version` (412) */
  async update(
    operator: OperatorContext,
    id: TenantId,
    changes: { name?: string; status?: 'active' | 'suspended' },
    preconditions = Preconditions.NONE,
  ): Promise<TenantRecord> {
    if (changes.name !== undefined) requireTenantName(changes.name);
    const { before, record } = await this.change(id, preconditions, () => changes);
    if (changes.status !== undefined && changes.status !== before.status) {
      await this.audit.write(operator, changes.status === 'suspended' ? 'tenant.suspended' : 'tenant.activated', id);
    }
    if (changes.name !== undefined && changes.name !== before.name) {
      await this.audit.write(operator, 'tenant.updated', id, { name: changes.name });
    }
    return record;
  }

  /**
   * Within a placement only the tier changes.
   * @throws CaasError `tenant_not_found` (404), `tier_change_unsupported` (409) when data would have to move, `stale_version`
   *   (412)
   */
  async changeTier(
    operator: OperatorContext,
    id: TenantId,
    tier: Tier,
    preconditions = Preconditions.NONE,
  ): Promise<TenantRecord> {
    const { before, record } = await this.change(id, preconditions, ({ tier: from }) => {
      if (PLACEMENT_OF_TIER[from] === PLACEMENT_OF_TIER[tier]) return { tier };
      throw conflict('tier_change_unsupported', `Moving data from ${from} to ${tier} is not supported yet.`);
    });
    await this.audit.write(operator, 'tenant.tier_changed', id, { from: before.tier, to: tier });
    return record;
  }

  /**
   * All of them: what `agreed` leaves out follows the tier. They stay when the tier changes.
   * @throws CaasError `tenant_not_found` (404), `stale_version` (412)
   */
  async changeQuotas(
    operator: OperatorContext,
    id: TenantId,
    agreed: { [Q in Quota]?: number | null | undefined },
    preconditions = Preconditions.NONE,
  ): Promise<TenantRecord> {
    // In the database, what is undefined would be null: no limit.
    const quotas = Object.fromEntries(Object.entries(agreed).filter(([, limit]) => limit !== undefined));
    const { record } = await this.change(id, preconditions, () => ({ quotas }));
    await this.audit.write(operator, 'tenant.quotas_changed', id, { quotas });
    return record;
  }

  /**
   * Credentials stop first, then the data go, then the keys. The row stays, so that the id is never used again.
   * @throws CaasError `tenant_not_found` (404), `stale_version` (412)
   */
  async delete(operator: OperatorContext, id: TenantId, preconditions = Preconditions.NONE): Promise<void> {
    const { record } = await this.change(id, preconditions, () => ({ status: 'deleting' as const }));
    await this.finishDeleting(operator, record);
  }

  /** Takes up deletions that a crash broke off, and drops once more what writes that were under way have made; for the worker. */
  async finishInterrupted(operator: OperatorContext): Promise<number> {
    const interrupted = await this.tenants.inState('deleting', TENANTS_AT_ONCE);
    await each(interrupted, 'deleted', (record) => this.finishDeleting(operator, record));
    await each(await this.tenants.toSweep(TENANTS_AT_ONCE), 'swept', (record) => this.sweep(operator, record));
    return interrupted.length;
  }

  async describe(id: TenantId): Promise<PlacementDescription> {
    return this.placements.describe(this.tenants.tenantOf(await this.get(id)));
  }

  async syncIndexes(id: TenantId, options: { dryRun?: boolean } = {}): Promise<IndexChanges[]> {
    return this.placements.syncIndexes(this.tenants.tenantOf(await this.get(id)), options);
  }

  /**
   * Changes the very tenant that the conditions were checked of.
   * @param changesOf may throw
   */
  private async change(
    id: TenantId,
    preconditions: Preconditions,
    changesOf: (before: TenantRecord) => Parameters<TenantsRepository['change']>[2],
  ): Promise<{ before: TenantRecord; record: TenantRecord }> {
    for (;;) {
      const before = await this.get(id);
      const { edition = 0 } = before;
      preconditions.require(edition);
      const record = await this.tenants.change(id, [...SERVED], changesOf(before), edition);
      if (record) return { before, record };
    }
  }

  private async finishDeleting(operator: OperatorContext, record: TenantRecord): Promise<void> {
    const tenant = this.tenants.tenantOf(record);
    await this.placements.drop(tenant);
    for (const folder of OBJECT_FOLDERS) await this.storage.deleteFolder(`${folder}/${tenant.id}/`);
    await this.serverKeys.removeAll(tenant.id);
    await this.signingKeys.removeAll(tenant.id);
    const sweep_at = new Date(Date.now() + SWEEP_AFTER_MS);
    await this.tenants.change(tenant.id, ['deleting'], { status: 'deleted', sweep_at });
    await this.audit.write(operator, 'tenant.deleted', tenant.id);
  }

  private async sweep(operator: OperatorContext, record: TenantRecord): Promise<void> {
    const tenant = this.tenants.tenantOf(record);
    const isGivenUp = Date.now() - record.sweep_at!.getTime() > SWEEP_FOR_MS;
    // A database that the tenant brought along may be gone with the tenant.
    await this.placements.drop(tenant).catch(async (error: unknown) => {
      if (!isGivenUp) throw error;
      await this.audit.write(operator, 'tenant.sweep_given_up', tenant.id);
    });
    await this.tenants.change(tenant.id, ['deleted'], { sweep_at: null, database_uri: null });
  }

  private async activate(operator: OperatorContext, id: TenantId, lease: ProvisioningLease): Promise<CreatedTenant> {
    const serverKey = await this.serverKeys.create(operator, id);
    const { kid, secret } = await this.signingKeys.create(operator, id);
    const tenant = await this.tenants.activate(id, lease);
    if (!tenant) {
      await this.serverKeys.discard(id, serverKey.id);
      await this.signingKeys.discard(id, kid);
      throw exists(id);
    }
    await this.audit.write(operator, 'tenant.created', id, { tier: tenant.tier, name: tenant.name });
    return { tenant, serverKey, signingKey: { kid, secret: secret! } };
  }

  private async takeOver(
    id: TenantId,
    { name, tier, database_uri }: TenantRecord,
    lease: ProvisioningLease,
  ): Promise<void> {
    const taken = await this.tenants.takeOver(id, tier, { name, database_uri }, lease);
    if (!taken) throw exists(id);
    await this.serverKeys.removeAll(id);
    await this.signingKeys.removeAll(id);
  }
}

/** All of them, though some fail. @throws AggregateError when some did */
async function each(records: TenantRecord[], what: string, work: (record: TenantRecord) => Promise<void>) {
  const failures: unknown[] = [];
  for (const record of records) await work(record).catch((error: unknown) => failures.push(error));
  if (failures.length === 0) return;
  throw new AggregateError(failures, `${failures.length} of ${records.length} tenants are not ${what}`);
}

const leasedUntil = () => new Date(Date.now() + LEASE_MS);

const exists = (id: TenantId) => conflict('tenant_exists', `The id ${id} is, or was, a tenant's. Choose another.`);
