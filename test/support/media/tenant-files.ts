import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { MongoClient, ObjectId, type Collection, type Document } from 'mongodb';
import { openStorage, type ObjectStorage } from '#caas/platform/storage';
import { waitFor, type TenantSession, type TestSystem } from '#caas/testing';

export interface Upload {
  name: string;
  bytes: Uint8Array;
  declared_type?: string | null;
  /** External id of the user whose it is. */
  owner?: string;
  _id?: ObjectId;
}

/* eslint-disable @typescript-eslint/no-explicit-any -- tests look into documents of every shape */

const FS: Parameters<typeof openStorage>[0] = {
  STORAGE_DRIVER: 'fs',
  S3_BUCKET: null,
  S3_REGION: '',
  S3_ENDPOINT: null,
  S3_ACCESS_KEY_ID: null,
  S3_SECRET_ACCESS_KEY: null,
  S3_FORCE_PATH_STYLE: false,
};

/** Files of a tenant as they are once their bytes have come: the row, the object and the job, put in place from outside. */
export class TenantFiles {
  private constructor(
    private readonly tenant: TenantSession,
    private readonly place: (name: string) => Collection<any>,
    readonly storage: ObjectStorage,
    private readonly queue: Queue,
  ) {}

  async upload({ name, bytes, declared_type = null, owner, _id = new ObjectId() }: Upload): Promise<ObjectId> {
    const now = new Date();
    const common = { tenant_id: this.tenant.id, created_at: now, updated_at: now, deleted_at: null, __v: 0 };
    await this.storage.put(`${this.prefixOf(_id)}/upload`, bytes);
    await this.place('files').insertOne({
      _id,
      ...common,
      owner: owner ? await this.reference(owner) : null,
      name,
      declared_type,
      size_bytes: bytes.byteLength,
      status: 'uploaded',
      problem: null,
      media_id: null,
      reference_count: 0,
      unreferenced_at: now,
      upload_expires_at: null,
    });
    const payload = { file_id: _id.toHexString() };
    const due_at = new Date(now.getTime() + 15_000);
    const entry = { ...common, job: 'media/process-file', payload, request_id: 'req_test', due_at, sweeps: 0 };
    await this.place('outbox').insertOne({ _id: new ObjectId(), ...entry });
    await this.process(_id);
    return _id;
  }

  /** Puts the job of a file into its queue, as the sweeper of the outbox does. */
  async process(id: ObjectId): Promise<void> {
    const file_id = id.toHexString();
    const entry = await this.place('outbox').findOne({ job: 'media/process-file', 'payload.file_id': file_id });
    const data = {
      tenant_id: this.tenant.id,
      request_id: 'req_test',
      v: 1,
      outbox_id: entry?._id.toHexString() ?? null,
    };
    await this.queue.add(
      'process-file',
      { ...data, file_id },
      { attempts: 5, backoff: { type: 'exponential', delay: 500 } },
    );
  }

  /** Ends the lease of a worker that was killed, as time would. */
  async expireLease(id: ObjectId): Promise<void> {
    await this.place('files').updateOne(
      { _id: id, leased_until: { $ne: null } },
      { $set: { leased_until: new Date(0) } },
    );
  }

  /** As long as no test lasts. */
  async extendLease(id: ObjectId): Promise<void> {
    const leased_until = new Date(Date.now() + 60 * 60_000);
    await this.place('files').updateOne({ _id: id, leased_until: { $ne: null } }, { $set: { leased_until } });
  }

  file(id: ObjectId): Promise<any> {
    return this.place('files').findOne({ _id: id });
  }

  /** The file once it is ready, rejected or failed, with its content. */
  async ended(id: ObjectId, withinMs = 60_000): Promise<{ file: any; media: any }> {
    const isEnded = async () => ['ready', 'rejected', 'failed'].includes((await this.file(id)).status);
    await waitFor(`the end of file ${id.toHexString()}`, withinMs, isEnded);
    const file = await this.file(id);
    return { file, media: file.media_id && (await this.place('media_metadata').findOne({ _id: file.media_id })) };
  }

  /** Resolves when nothing is left to be done for the tenant's files. */
  async settled(): Promise<void> {
    const nothing = async () => (await this.place('outbox').countDocuments({ tenant_id: this.tenant.id })) === 0;
    await waitFor('the outbox to be empty', 60_000, nothing);
  }

  rows(collection: 'files' | 'media_metadata' | 'outbox'): Promise<Document[]> {
    return this.place(collection).find({ tenant_id: this.tenant.id }).toArray();
  }

  prefixOf(id: ObjectId): string {
    const [year, month] = id.getTimestamp().toISOString().split('-');
    return `media/${this.tenant.id}/${year}/${month}/${id.toHexString()}`;
  }

  /** Keys of every object of the tenant. */
  async objects(): Promise<string[]> {
    const keys: string[] = [];
    for await (const { key } of this.storage.list(`media/${this.tenant.id}/`)) keys.push(key);
    return keys.sort();
  }

  async bytes(key: string): Promise<Buffer> {
    const object = await this.storage.get(key);
    if (!object) throw new Error(`no object ${key}`);
    return Buffer.concat(await object.body.toArray());
  }

  private async reference(externalId: string) {
    const { body } = await this.tenant.acting(externalId).get(`/v1/users/${externalId}`);
    return {
      user_id: new ObjectId(body.id as string),
      user_external_id: externalId,
      user_display_name: body.display_name,
    };
  }

  /** For one suite: a way to the files of any of its tenants. */
  static async opener(system: TestSystem) {
    const client = await new MongoClient(process.env['MONGODB_URI']!).connect();
    const redis = new Redis(process.env['REDIS_URL']!, { maxRetriesPerRequest: null });
    const queue = new Queue('media', { connection: redis as never });
    return {
      of(tenant: TenantSession, tier: 'free' | 'starter' | 'pro' | 'enterprise'): TenantFiles {
        const database = client.db(tier === 'enterprise' ? `caas_${tenant.id}` : 'caas_shared');
        const place = (name: string) => database.collection<any>(tier === 'pro' ? `${tenant.id}_${name}` : name);
        return new TenantFiles(tenant, place, openStorage(FS, { DATA_DIR: system.dataDir }), queue);
      },
      async close() {
        await queue.close();
        redis.disconnect();
        await client.close();
      },
    };
  }
}
