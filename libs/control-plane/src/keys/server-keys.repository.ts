import { Injectable, type OnModuleInit } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import type { Model } from 'mongoose';
import { notFound, parseTenantId, type TenantId } from '#caas/kernel';
import { newServerKey, ServerKeyStore, type OperatorContext, type ServerKeyRecord } from '#caas/access';
import { BatchedLookup, FreshCache, Invalidations } from '#caas/platform/cache';
import { AuditLog } from '../audit/audit-log.repository';
import { ServerKey } from '../persistence/key.schema';
import { PLATFORM } from '../persistence/platform-database';

const MAX_CACHED_KEYS = 10_000;

@Injectable()
export class TenantServerKeys extends ServerKeyStore implements OnModuleInit {
  private readonly cache = new FreshCache<ServerKeyRecord | null>(MAX_CACHED_KEYS);
  private readonly lookup = new BatchedLookup<ServerKeyRecord>((ids) => this.valid(ids));
  private readonly forgetKey = this.invalidations.publisher('server_key');

  constructor(
    @InjectModel(ServerKey.name, PLATFORM) private readonly keys: Model<ServerKey>,
    private readonly invalidations: Invalidations,
    private readonly audit: AuditLog,
  ) {
    super();
  }

  onModuleInit(): void {
    this.invalidations.on('server_key', ({ id }) => this.cache.forget(id));
  }

  override find(keyId: string): Promise<ServerKeyRecord | null> {
    return this.cache.get(keyId, () => this.lookup.find(keyId));
  }

  /** The key itself is in this answer and nowhere else. */
  async create(operator: OperatorContext, tenantId: TenantId): Promise<{ id: string; key: string }> {
    const { id, key, hash } = newServerKey();
    const record = {
      _id: id,
      tenant_id: tenantId,
      hash: hash.toString('hex'),
      created_at: new Date(),
      revoked_at: null,
    };
    await this.keys.insertMany([record], { lean: true });
    await this.audit.write(operator, 'server_key.created', tenantId, { id });
    return { id, key };
  }

  async list(tenantId: TenantId): Promise<{ id: string; created_at: Date; revoked_at: Date | null }[]> {
    const keys = await this.keys.find({ tenant_id: tenantId }).sort({ created_at: 1 }).lean<ServerKey[]>();
    return keys.map(({ _id, created_at, revoked_at }) => ({ id: _id, created_at, revoked_at }));
  }

  /** @throws CaasError `server_key_not_found` (404) */
  async revoke(operator: OperatorContext, tenantId: TenantId, keyId: string): Promise<void> {
    const outcome = await this.keys.updateOne(
      { _id: keyId, tenant_id: tenantId, revoked_at: null },
      { $set: { revoked_at: new Date() } },
    );
    if (outcome.matchedCount === 0) throw notFound('server_key');
    this.forgetKey(tenantId, keyId);
    await this.audit.write(operator, 'server_key.revoked', tenantId, { id: keyId });
  }

  private async valid(ids: string[]): Promise<Map<string, ServerKeyRecord>> {
    const keys = await this.keys.find({ _id: { $in: ids }, revoked_at: null }).lean<ServerKey[]>();
    return new Map(
      keys.map(({ _id, tenant_id, hash }) => [
        _id,
        { id: _id, tenantId: parseTenantId(tenant_id), hash: Buffer.from(hash, 'hex') },
      ]),
    );
  }

  /** Deletes the key of a creation attempt that did not activate the tenant, as if it had never existed. */
  async discard(tenantId: TenantId, keyId: string): Promise<void> {
    await this.keys.deleteOne({ _id: keyId, tenant_id: tenantId });
    this.forgetKey(tenantId, keyId);
  }

  async removeAll(tenantId: TenantId): Promise<void> {
    const ids = await this.keys.distinct('_id', { tenant_id: tenantId });
    await this.keys.deleteMany({ tenant_id: tenantId });
    for (const id of ids) this.forgetKey(tenantId, String(id));
  }
}
