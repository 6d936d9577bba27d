import { createSecretKey, randomBytes } from 'node:crypto';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import type { Model } from 'mongoose';
import { conflict, invalid, notFound, type TenantId } from '#caas/kernel';
import { SigningKeyStore, type OperatorContext, type SigningKey, type TokenAlgorithm } from '#caas/access';
import { FreshCache, Invalidations } from '#caas/platform/cache';
import { AuditLog } from '../audit/audit-log.repository';
import { SigningKeyRecord } from '../persistence/key.schema';
import { PLATFORM } from '../persistence/platform-database';
import { Jwks } from './jwks';
import { readPublicKey } from './public-keys';
import { SecretBox } from './secret-box';

const MAX_CACHED_KEYS = 10_000;
const CURRENT = '\0current';

export interface NewSigningKey {
  /** PEM or JWK. */
  public_key?: string;
  jwks_url?: string;
  kid?: string;
}

/** What a tenant's tokens are verified with. Several may be valid at once, so that a tenant can change keys without a gap. */
@Injectable()
export class TenantSigningKeys extends SigningKeyStore implements OnModuleInit {
  private readonly cache = new FreshCache<SigningKey | null>(MAX_CACHED_KEYS);

  constructor(
    @InjectModel(SigningKeyRecord.name, PLATFORM) private readonly keys: Model<SigningKeyRecord>,
    private readonly box: SecretBox,
    private readonly jwks: Jwks,
    private readonly invalidations: Invalidations,
    private readonly audit: AuditLog,
  ) {
    super();
  }

  onModuleInit(): void {
    this.invalidations.on(({ kind, tenantId }) => {
      if (kind === 'signing_key') this.cache.forgetWhere((key) => key.startsWith(`${tenantId}:`));
    });
  }

  override find(tenantId: TenantId, kid: string): Promise<SigningKey | null> {
    return this.cache.get(`${tenantId}:${kid}`, async () => {
      const record = await this.keys.findOne({ tenant_id: tenantId, kid, revoked_at: null }).lean<SigningKeyRecord>();
      if (record && record.kind !== 'jwks') return this.keyOf(record);
      return this.published(tenantId, kid);
    });
  }

  override async current(tenantId: TenantId): Promise<SigningKey> {
    const key = await this.cache.get(`${tenantId}:${CURRENT}`, async () => {
      const newest = { tenant_id: tenantId, kind: 'secret' as const, revoked_at: null };
      const record = await this.keys.findOne(newest).sort({ created_at: -1 }).lean<SigningKeyRecord>();
      return record && this.keyOf(record);
    });
    if (!key)
      throw conflict('no_signing_key', 'The tenant has no signing secret of ours; make one, or sign tokens yourself.');
    return key;
  }

  /** A secret of ours (in this answer and nowhere else), a public key, or a URL where the tenant publishes keys. */
  async create(
    operator: OperatorContext,
    tenantId: TenantId,
    wanted: NewSigningKey = {},
  ): Promise<{ kid: string; algorithm: TokenAlgorithm | null; secret?: string }> {
    if (wanted.public_key !== undefined && wanted.jwks_url !== undefined) {
      throw invalid('invalid_signing_key', 'Send a public_key or a jwks_url, not both.');
    }
    const kid = wanted.kid ?? `k_${randomBytes(8).toString('hex')}`;
    const { record, secret } = this.recordOf(tenantId, kid, wanted);
    if (await this.keys.exists({ tenant_id: tenantId, kid })) {
      throw conflict('signing_key_exists', `The tenant has, or had, a signing key "${kid}".`);
    }
    await this.keys.insertMany([record], { lean: true });
    this.invalidations.publish({ kind: 'signing_key', tenantId, id: kid });
    await this.audit.write(operator, 'signing_key.created', tenantId, { kid, kind: record.kind });
    return { kid, algorithm: record.algorithm, ...(secret === undefined ? {} : { secret }) };
  }

  async list(tenantId: TenantId) {
    const records = await this.keys.find({ tenant_id: tenantId }).sort({ created_at: 1 }).lean<SigningKeyRecord[]>();
    return records.map(({ kid, kind, algorithm, jwks_url, created_at, revoked_at }) => ({
      kid,
      kind,
      algorithm,
      jwks_url,
      created_at,
      revoked_at,
    }));
  }

  /** @throws CaasError `signing_key_not_found` (404) */
  async revoke(operator: OperatorContext, tenantId: TenantId, kid: string): Promise<void> {
    const live = { tenant_id: tenantId, kid, revoked_at: null };
    const outcome = await this.keys.updateOne(live, { $set: { revoked_at: new Date() } });
    if (outcome.matchedCount === 0) throw notFound('signing_key');
    this.invalidations.publish({ kind: 'signing_key', tenantId, id: kid });
    await this.audit.write(operator, 'signing_key.revoked', tenantId, { kid });
  }

  async removeAll(tenantId: TenantId): Promise<void> {
    await this.keys.deleteMany({ tenant_id: tenantId });
    this.invalidations.publish({ kind: 'signing_key', tenantId, id: '*' });
  }

  private recordOf(tenantId: TenantId, kid: string, { public_key, jwks_url }: NewSigningKey) {
    const base = {
      tenant_id: tenantId,
      kid,
      secret: null,
      public_key: null,
      jwks_url: null,
      created_at: new Date(),
      revoked_at: null,
    };
    if (public_key !== undefined) {
      const { key, algorithm } = readPublicKey(public_key);
      const pem = key.export({ type: 'spki', format: 'pem' }).toString();
      return { record: { ...base, kind: 'public_key' as const, algorithm, public_key: pem } };
    }
    if (jwks_url !== undefined) {
      this.jwks.assertAllowed(jwks_url);
      return { record: { ...base, kind: 'jwks' as const, algorithm: null, jwks_url } };
    }
    const secret = randomBytes(32).toString('base64url');
    const closed = this.box.close(secret, `${tenantId}:${kid}`);
    return { record: { ...base, kind: 'secret' as const, algorithm: 'HS256' as const, secret: closed }, secret };
  }

  private keyOf(record: SigningKeyRecord): SigningKey {
    const { kid, tenant_id, secret } = record;
    if (record.kind === 'public_key') return { kid, ...readPublicKey(record.public_key!) };
    const opened = this.box.open(secret!, `${tenant_id}:${kid}`);
    return { kid, algorithm: 'HS256', key: createSecretKey(Buffer.from(opened, 'utf8')) };
  }

  private async published(tenantId: TenantId, kid: string): Promise<SigningKey | null> {
    const sets = await this.keys
      .find({ tenant_id: tenantId, kind: 'jwks', revoked_at: null })
      .lean<SigningKeyRecord[]>();
    for (const { jwks_url } of sets) {
      const key = await this.jwks.find(jwks_url!, kid);
      if (key) return key;
    }
    return null;
  }
}
