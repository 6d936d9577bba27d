import { randomBytes } from 'node:crypto';
import type { Tier } from '#caas/kernel';
import { MongoClient, ObjectId, type Collection, type Document } from 'mongodb';

export type FileStatus = 'uploading' | 'uploaded' | 'processing' | 'ready' | 'rejected' | 'failed';

/** A tenant's collection as it lies in the engine: to put in place what no route of the test makes, and to see what is left. */
export class TenantRows {
  private constructor(
    private readonly client: MongoClient,
    private readonly tenantId: string,
    private readonly tier: Tier,
  ) {}

  static async open(tenantId: string, tier: Tier): Promise<TenantRows> {
    return new TenantRows(await new MongoClient(process.env['MONGODB_URI']!).connect(), tenantId, tier);
  }

  of(name: string): Collection<Document> {
    const database = this.tier === 'enterprise' ? `caas_${this.tenantId}` : 'caas_shared';
    return this.client.db(database).collection(this.tier === 'pro' ? `${this.tenantId}_${name}` : name);
  }

  /** A file of a user and its content, as if it had been uploaded and worked on; without objects. @returns its id */
  async file(externalId: string, kind: 'image' | 'video', status: FileStatus = 'ready'): Promise<string> {
    const owner = await this.of('users').findOne({ tenant_id: this.tenantId, external_id: externalId });
    const [_id, media_id] = [new ObjectId(), new ObjectId()];
    const now = new Date();
    const common = { tenant_id: this.tenantId, created_at: now, updated_at: now, deleted_at: null, __v: 0 };
    await this.of('media_metadata').insertOne({
      ...common,
      _id: media_id,
      sha256: randomBytes(32).toString('hex'),
      object_prefix: `media/${this.tenantId}/test/${_id.toHexString()}`,
      size_bytes: 1000,
      content_type: kind === 'video' ? 'video/mp4' : 'image/png',
      kind,
      status: 'ready',
      problem: null,
      width: 640,
      height: 360,
      duration_ms: kind === 'video' ? 3000 : null,
      thumbhash: null,
      waveform: null,
      variants: [],
    });
    await this.of('files').insertOne({
      ...common,
      _id,
      owner: {
        user_id: owner!._id,
        user_external_id: externalId,
        user_display_name: owner!['display_name'] as string,
      },
      name: `${kind}.bin`,
      declared_type: null,
      size_bytes: 1000,
      status,
      problem: null,
      media_id: status === 'ready' ? media_id : null,
      reference_count: 0,
      unreferenced_at: now,
      upload_expires_at: null,
    });
    return _id.toHexString();
  }

  /** How often a file is held, by its own account and by that of the references; and whether it may be collected. */
  async holding(fileId: string): Promise<[counted: number, references: number, isFree: boolean]> {
    const file = await this.of('files').findOne({ tenant_id: this.tenantId, _id: new ObjectId(fileId) });
    const references = await this.of('file_references').countDocuments({
      tenant_id: this.tenantId,
      file_id: new ObjectId(fileId),
    });
    return [file!['reference_count'] as number, references, file!['unreferenced_at'] !== null];
  }

  /** As many copies of a post, older than it by `ageS` seconds, by another author. @returns the id of the first */
  async older(postId: string, author: string, ageS: number, count: number): Promise<string> {
    const { _id, ...like } = (await this.post(postId))!;
    const user = await this.of('users').findOne({ tenant_id: this.tenantId, external_id: author });
    const second = Math.floor((_id as ObjectId).getTimestamp().getTime() / 1000) - ageS;
    const copies = Array.from({ length: count }, (_, at) => ({
      ...like,
      _id: new ObjectId(second.toString(16).padStart(8, '0') + randomBytes(5).toString('hex') + hex6(at)),
      author: { ...(like['author'] as object), user_id: user!._id, user_external_id: author },
    }));
    await this.of('posts').insertMany(copies);
    return copies[0]!._id.toHexString();
  }

  /** Rows of a collection about one post. */
  about(name: string, postId: string): Promise<number> {
    return this.of(name).countDocuments({ tenant_id: this.tenantId, post_id: new ObjectId(postId) });
  }

  post(postId: string): Promise<Document | null> {
    return this.of('posts').findOne({ tenant_id: this.tenantId, _id: new ObjectId(postId) });
  }

  async expire(postId: string): Promise<void> {
    const expires_at = new Date(Date.now() - 1);
    const where = { tenant_id: this.tenantId, _id: new ObjectId(postId) };
    await this.of('posts').updateOne(where, { $set: { expires_at } });
  }

  close(): Promise<void> {
    return this.client.close();
  }
}

const hex6 = (value: number): string => value.toString(16).padStart(6, '0');
