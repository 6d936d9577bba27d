import { Injectable, type OnModuleInit } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import type { Model } from 'mongoose';
import {
  cutPage,
  parseTenantId,
  PLACEMENT_OF_TIER,
  type Page,
  type PageRequest,
  type Tenant,
  type TenantId,
  type Tier,
} from '#caas/kernel';
import { BatchedLookup, FreshCache, Invalidations } from '#caas/platform/cache';
import { TenantDirectory } from '#caas/tenancy';
import { SecretBox } from '../keys/secret-box';
import { PLATFORM } from '../persistence/platform-database';
import { TenantRecord, type ProvisioningLease, type TenantState } from '../persistence/tenant.schema';

const MAX_CACHED_TENANTS = 10_000;
const SERVED: TenantState[] = ['active', 'suspended'];
const DELETED: TenantState[] = ['deleting', 'deleted'];

type Draft = Pick<TenantRecord, 'name' | 'database_uri'>;

const heldBy = (id: TenantId, holder: string) => ({ _id: id, status: 'provisioning' as const, 'lease.holder': holder });

/** The tenants there are, and were. */
@Injectable()
export class TenantsRepository extends TenantDirectory implements OnModuleInit {
  private readonly cache = new FreshCache<Tenant | null>(MAX_CACHED_TENANTS);
  private readonly lookup = new BatchedLookup<Tenant>((ids) => this.served(ids));
  private readonly forgetTenant = this.invalidations.publisher('tenant');

  constructor(
    @InjectModel(TenantRecord.name, PLATFORM) private readonly tenants: Model<TenantRecord>,
    private readonly invalidations: Invalidations,
    private readonly box: SecretBox,
  ) {
    super();
  }

  onModuleInit(): void {
    this.invalidations.on('tenant', ({ tenantId }) => this.cache.forget(tenantId));
  }

  override find(id: TenantId): Promise<Tenant | null> {
    return this.cache.get(id, () => this.lookup.find(id));
  }

  override async wasDeleted(id: TenantId): Promise<boolean> {
    const record = await this.read(id);
    return record !== null && DELETED.includes(record.status);
  }

  override async list(after: TenantId | null, limit: number): Promise<Tenant[]> {
    const served = { status: { $in: SERVED } };
    const filter = after === null ? served : { ...served, _id: { $gt: after } };
    const records = await this.tenants.find(filter).sort({ _id: 1 }).limit(limit).lean<TenantRecord[]>();
    return records.map((record) => this.tenantOf(record));
  }

  read(id: TenantId): Promise<TenantRecord | null> {
    return this.tenants.findOne({ _id: id }).lean<TenantRecord>();
  }

  /** False when the id is, or ever was, in use. */
  async insert(record: TenantRecord): Promise<boolean> {
    const outcome = await this.tenants.updateOne({ _id: record._id }, { $setOnInsert: record }, { upsert: true });
    return outcome.upsertedCount === 1;
  }

  /** Takes over an interrupted creation with a new lease; null when there is none, or another process still holds its lease. */
  async takeOver(id: TenantId, tier: Tier, changes: Draft, lease: ProvisioningLease): Promise<TenantRecord | null> {
    const now = new Date();
    const abandoned = {
      _id: id,
      status: 'provisioning' as const,
      tier,
      $or: [{ lease: null }, { 'lease.until': { $lt: now } }],
    };
    const $set = { ...changes, lease, updated_at: now };
    return this.tenants.findOneAndUpdate(abandoned, { $set }, { returnDocument: 'after' }).lean<TenantRecord>();
  }

  /** Extends the lease. */
  async renew(id: TenantId, { holder, until }: ProvisioningLease): Promise<void> {
    await this.tenants.updateOne(heldBy(id, holder), { $set: { 'lease.until': until } });
  }

  /** Releases the lease of a failed creation. */
  async release(id: TenantId, { holder }: ProvisioningLease): Promise<void> {
    await this.tenants.updateOne(heldBy(id, holder), { $set: { lease: null } });
  }

  /** Null when another process has taken the creation over. */
  async activate(id: TenantId, { holder }: ProvisioningLease): Promise<TenantRecord | null> {
    const activated = await this.tenants
      .findOneAndUpdate(
        heldBy(id, holder),
        { $set: { status: 'active', lease: null, updated_at: new Date() }, $inc: { edition: 1 } },
        { returnDocument: 'after' },
      )
      .lean<TenantRecord>();
    if (activated) this.forgetTenant(id, id);
    return activated;
  }

  /**
   * @param seen the edition that is to be changed; without it, whichever is there
   * @returns the changed tenant, or null when it is in none of the states `from`, or of another edition
   */
  async change(
    id: TenantId,
    from: TenantState[],
    changes: Partial<Pick<TenantRecord, 'name' | 'tier' | 'status' | 'database_uri' | 'quotas' | 'sweep_at'>>,
    seen?: number,
  ): Promise<TenantRecord | null> {
    // Tenants made before there were editions have none, which `null` finds.
    const edition = seen === undefined ? {} : { edition: { $in: seen === 0 ? [0, null] : [seen] } };
    const changed = await this.tenants
      .findOneAndUpdate(
        { _id: id, status: { $in: from }, ...edition },
        { $set: { ...changes, updated_at: new Date() }, $inc: { edition: 1 } },
        { returnDocument: 'after' },
      )
      .lean<TenantRecord>();
    if (changed) this.forgetTenant(id, id);
    return changed;
  }

  /** Newest first (or oldest, forward). The cursor of this list is a tenant id, since tenants have no other. */
  async page(request: PageRequest & { after: TenantId | null }, status: TenantState[]): Promise<Page<TenantRecord>> {
    const backward = request.direction === 'backward';
    const order = backward ? -1 : 1;
    const filter: Record<string, unknown> = { status: { $in: status } };
    const last = request.after === null ? null : await this.read(request.after);
    if (last) {
      const beyond = backward ? '$lt' : '$gt';
      filter.$or = [
        { created_at: { [beyond]: last.created_at } },
        { created_at: last.created_at, _id: { [beyond]: last._id } },
      ];
    }
    const rows = await this.tenants
      .find(filter)
      .sort({ created_at: order, _id: order })
      .limit(request.limit + 1)
      .lean<TenantRecord[]>();
    return cutPage(rows, request, ({ _id }) => _id);
  }

  inState(status: TenantState, limit: number): Promise<TenantRecord[]> {
    return this.tenants.find({ status }).limit(limit).lean<TenantRecord[]>();
  }

  /** Deleted tenants whose placement is to be dropped once more by now. */
  toSweep(limit: number): Promise<TenantRecord[]> {
    return this.tenants
      .find({ status: 'deleted', sweep_at: { $lte: new Date() } })
      .limit(limit)
      .lean<TenantRecord[]>();
  }

  tenantOf(record: TenantRecord): Tenant {
    return {
      id: parseTenantId(record._id),
      tier: record.tier,
      placement: PLACEMENT_OF_TIER[record.tier],
      status: record.status === 'suspended' ? 'suspended' : 'active',
      databaseUri: record.database_uri === null ? null : this.box.open(record.database_uri, record._id),
      // Tenants made before there were quotas have none.
      quotas: record.quotas ?? {},
    };
  }

  private async served(ids: string[]): Promise<Map<string, Tenant>> {
    const records = await this.tenants.find({ _id: { $in: ids }, status: { $in: SERVED } }).lean<TenantRecord[]>();
    return new Map(records.map((record) => [record._id, this.tenantOf(record)]));
  }

  sealUri(id: TenantId, uri: string | null): string | null {
    return uri === null ? null : this.box.close(uri, id);
  }
}

export function isServed({ status }: { status: TenantState }): boolean {
  return SERVED.includes(status);
}
