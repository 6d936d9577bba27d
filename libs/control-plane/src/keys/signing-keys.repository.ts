import { createSecretKey, randomBytes } from 'node:crypto';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import type { Model } from 'mongoose';
import { conflict, invalid, notFound, type TenantId } from '#caas/kernel';
import {
  algorithmNamed,
  SigningKeyStore,
  type OperatorContext,
  type SigningKey,
  type TokenAlgorithm,
} from '#caas/access';
import { BatchedLookup, FreshCache, Invalidations } from '#caas/platform/cache';
import { Log } from '#caas/platform/logging';
import { AuditLog } from '../audit/audit-log.repository';
import { SigningKeyRecord } from '../persistence/key.schema';
import { PLATFORM } from '../persistence/platform-database';
import { Jwks } from './jwks';
import { readPublicKey } from './public-keys';
import { SecretBox } from './secret-box';

const MAX_CACHED_TENANTS = 10_000;

export interface NewSigningKey {
  /** What the key must be for, by any of its names; it follows from the key itself, and is an error when it does not. */
  algorithm?: string;
  /** PEM or JWK. */
  public_key?: string;
  jwks_url?: string;
  kid?: string;
}

/** The valid keys of one tenant. Read as a whole, so that a token with a made-up `kid` costs no look-up of its own. */
interface TenantKeys {
  byKid: Map<string, SigningKey>;
  /** The newest secret of ours. */
  current: SigningKey | null;
  jwksUrls: string[];
}

/** What a tenant's tokens are verified with. Several may be valid at once, so that a tenant can change keys without a gap. */
@Injectable()
export class TenantSigningKeys extends SigningKeyStore implements OnModuleInit {
  private readonly cache = new FreshCache<TenantKeys | null>(MAX_CACHED_TENANTS);
  private readonly lookup = new BatchedLookup<TenantKeys>((tenantIds) => this.valid(tenantIds));
  private readonly forgetKey = this.invalidations.publisher('signing_key');

  constructor(
    @InjectModel(SigningKeyRecord.name, PLATFORM) private readonly keys: Model<SigningKeyRecord>,
    private readonly box: SecretBox,
    private readonly jwks: Jwks,
    private readonly invalidations: Invalidations,
    private readonly audit: AuditLog,
    private readonly log: Log,
  ) {
    super();
  }

  onModuleInit(): void {
    this.invalidations.on('signing_key', ({ tenantId }) => this.cache.forget(tenantId));
  }

  override async find(tenantId: TenantId, kid: string): Promise<SigningKey | null> {
    const keys = await this.validKeys(tenantId);
    if (!keys) return null;
    const registered = keys.byKid.get(kid);
    if (registered) return registered;
    for (const url of keys.jwksUrls) {
      const published = await this.jwks.find(url, kid);
      if (published) return published;
    }
    return null;
  }

  override async current(tenantId: TenantId): Promise<SigningKey> {
    const current = (await this.validKeys(tenantId))?.current;
    if (current) return current;
    throw conflict('no_signing_key', 'The tenant has no signing secret of ours; make one, or sign tokens yourself.');
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
    if (wanted.algorithm !== undefined && algorithmNamed(wanted.algorithm) !== record.algorithm) {
      throw otherAlgorithm(record.algorithm);
    }
    if (await this.keys.exists({ tenant_id: tenantId, kid })) {
      throw conflict('signing_key_exists', `The tenant has, or had, a signing key "${kid}".`);
    }
    await this.keys.insertMany([record], { lean: true });
    this.forgetKey(tenantId, kid);
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
    this.forgetKey(tenantId, kid);
    await this.audit.write(operator, 'signing_key.revoked', tenantId, { kid });
  }

  /** Deletes the key of a creation attempt that did not activate the tenant, as if it had never existed. */
  async discard(tenantId: TenantId, kid: string): Promise<void> {
    await this.keys.deleteOne({ tenant_id: tenantId, kid });
    this.forgetKey(tenantId, kid);
  }

  async removeAll(tenantId: TenantId): Promise<void> {
    await this.keys.deleteMany({ tenant_id: tenantId });
    this.forgetKey(tenantId, '*');
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

  /** Null when there are none. */
  private validKeys(tenantId: TenantId): Promise<TenantKeys | null> {
    return this.cache.get(tenantId, () => this.lookup.find(tenantId));
  }

  private async valid(tenantIds: string[]): Promise<Map<string, TenantKeys>> {
    const records = await this.keys
      .find({ tenant_id: { $in: tenantIds }, revoked_at: null })
      .sort({ created_at: 1 })
      .lean<SigningKeyRecord[]>();
    const valid = new Map<string, TenantKeys>();
    for (const record of records) {
      const keys = valid.get(record.tenant_id) ?? { byKid: new Map(), current: null, jwksUrls: [] };
      this.add(keys, record);
      valid.set(record.tenant_id, keys);
    }
    return valid;
  }

  private add(valid: TenantKeys, record: SigningKeyRecord): void {
    if (record.kind === 'jwks') return void valid.jwksUrls.push(record.jwks_url!);
    try {
      const key = this.keyOf(record);
      valid.byKid.set(key.kid, key);
      if (record.kind === 'secret') valid.current = key;
    } catch (error) {
      // A key that cannot be decrypted must not disable the others.
      const { tenant_id, kid } = record;
      this.log.root.error({ tenant_id, kid, reason: (error as Error).message }, 'a signing key cannot be used');
    }
  }

  private keyOf(record: SigningKeyRecord): SigningKey {
    const { kid, tenant_id, secret } = record;
    if (record.kind === 'public_key') return { kid, ...readPublicKey(record.public_key!) };
    const opened = this.box.open(secret!, `${tenant_id}:${kid}`);
    return { kid, algorithm: 'HS256', key: createSecretKey(Buffer.from(opened, 'utf8')) };
  }
}

const otherAlgorithm = (algorithm: TokenAlgorithm | null) =>
  invalid(
    'invalid_algorithm',
    algorithm === null
      ? 'With a jwks_url, each published key says its own algorithm.'
      : `This key is for ${algorithm}.`,
    [{ field: 'algorithm', message: algorithm === null ? 'goes not with jwks_url' : `must be ${algorithm}` }],
  );
