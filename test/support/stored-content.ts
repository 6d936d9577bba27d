import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { MongoClient, ObjectId, type Collection } from 'mongodb';
import { PLACEMENT_OF_TIER, type Tenant, type TenantId, type Tier } from '#caas/kernel';
import { openStorage } from '#caas/platform/storage';
import { placementOf } from '#caas/tenancy';

export interface ProcessedVariant {
  name: string;
  contentType: string;
  bytes: Buffer;
}

interface Row {
  [field: string]: unknown;
  _id: ObjectId;
}

/** Puts in place what the worker makes of an upload, and what of it goes wrong: for tests of what is served. */
export class StoredContent {
  private constructor(
    private readonly client: MongoClient,
    private readonly tenant: Tenant,
    private readonly dataDir: string,
  ) {}

  static async of(tenantId: string, tier: Tier, dataDir: string): Promise<StoredContent> {
    const client = await new MongoClient(process.env['MONGODB_URI']!).connect();
    const tenant = { id: tenantId as TenantId, tier, placement: PLACEMENT_OF_TIER[tier], status: 'active' } as const;
    return new StoredContent(client, { ...tenant, databaseUri: null, quotas: {} }, dataDir);
  }

  close = () => this.client.close();

  collection(name: string): Collection<Row> {
    const placement = placementOf(this.tenant);
    return this.client.db(placement.database(this.tenant)).collection(placement.collection(this.tenant, name));
  }

  change(fileId: string, fields: Record<string, unknown>): Promise<unknown> {
    return this.collection('files').updateOne({ _id: new ObjectId(fileId) }, { $set: fields });
  }

  fileOf(fileId: string) {
    return this.collection('files').findOne({ _id: new ObjectId(fileId) });
  }

  /** All bytes of an upload in their place, as when their process died before it told the database. */
  async put(fileId: string, bytes: Buffer): Promise<void> {
    const { appendable } = this.storage;
    const key = `${this.prefixOf(fileId)}/upload`;
    await appendable.append(key, {}, Readable.from([bytes]), () => Promise.resolve());
    await appendable.finish(key, {});
  }

  async makeReady(fileId: string, contentType: string, variants: ProcessedVariant[]): Promise<void> {
    const now = new Date();
    const mediaId = new ObjectId();
    for (const { name, bytes } of variants) await this.storage.put(`${this.prefixOf(fileId)}/${name}`, bytes);
    await this.collection('media_metadata').insertOne({
      _id: mediaId,
      tenant_id: this.tenant.id,
      created_at: now,
      updated_at: now,
      deleted_at: null,
      __v: 0,
      sha256: randomBytes(32).toString('hex'),
      object_prefix: this.prefixOf(fileId),
      size_bytes: 1,
      content_type: contentType,
      kind: 'other',
      status: 'ready',
      problem: null,
      variants: variants.map(({ name, contentType, bytes }) => ({
        name,
        object: name,
        content_type: contentType,
        size_bytes: bytes.length,
        width: null,
        height: null,
        duration_ms: null,
      })),
    });
    await this.change(fileId, { status: 'ready', media_id: mediaId });
  }

  private prefixOf(fileId: string): string {
    const [year, month] = new ObjectId(fileId).getTimestamp().toISOString().split('-');
    return `media/${this.tenant.id}/${year}/${month}/${fileId}`;
  }

  private get storage() {
    return openStorage({ STORAGE_DRIVER: 'fs' } as never, { DATA_DIR: this.dataDir });
  }
}
