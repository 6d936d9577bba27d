import { pipeline, Transform, type Readable } from 'node:stream';
import { DataStore, ERRORS, Upload } from '@tus/server';
import { notFound, type RequestContext } from '#caas/kernel';
import type { ObjectStorage } from '#caas/platform/storage';
import { uploadKey } from '../persistence/object-keys';
import type { StoredFile } from '../persistence';
import type { UploadLease } from './upload-leases';
import { UPLOAD_EXPIRES_AFTER_MS, type UploadsService } from './uploads.service';

/**
 * The tus server's view of one upload during one request: the row of `files` and the stored bytes. No state is kept between requests,
 * so any process can continue after another was killed.
 */
export class TusStore extends DataStore {
  /** Null before the upload is created. */
  file: StoredFile | null;

  constructor(
    private readonly ctx: RequestContext,
    private readonly uploads: UploadsService,
    private readonly storage: ObjectStorage,
    private readonly leases: UploadLease[],
    file: StoredFile | null,
  ) {
    super();
    this.file = file;
    this.extensions = ['creation', 'creation-with-upload', 'termination', 'expiration', 'checksum'];
  }

  override async getUpload(): Promise<Upload> {
    const offset = await this.completeWhenWhole();
    const file = this.known;
    // The tus server computes the expiry from the creation; ours starts at the last received bytes.
    const since = (file.upload_expires_at?.getTime() ?? Date.now() + UPLOAD_EXPIRES_AFTER_MS) - UPLOAD_EXPIRES_AFTER_MS;
    return new Upload({
      id: file._id.toHexString(),
      size: file.size_bytes,
      offset,
      creation_date: new Date(since).toISOString(),
    });
  }

  override async write(body: Readable, _id: string, offset: number): Promise<number> {
    const file = this.known;
    const key = this.key;
    const { upload } = file;
    if (!upload) return file.size_bytes;
    if ((await this.storage.appendable.sizeOf(key, upload.growth)) !== offset) throw ERRORS.INVALID_OFFSET;
    // Errors of `body` reach `append` through the pipe, which keeps the bytes received before them.
    const held = pipeline(body, this.whileHeld(), () => undefined);
    try {
      await this.storage.appendable.append(key, upload.growth, held, async (growth) => {
        for (const lease of this.leases) lease.assertHeld();
        this.file = await this.uploads.keep(this.ctx, file, growth);
      });
    } finally {
      this.file = await this.uploads.keep(this.ctx, file);
    }
    return this.completeWhenWhole();
  }

  override async remove(): Promise<void> {
    if (!(await this.uploads.endUpload(this.ctx, this.known, 'any'))) throw notFound('upload');
  }

  override getExpiration(): number {
    return UPLOAD_EXPIRES_AFTER_MS;
  }

  /**
   * Completes the upload if its last byte is stored, even if the process that stored it died before recording that. @returns the number
   * of bytes stored
   */
  async completeWhenWhole(): Promise<number> {
    const file = this.known;
    if (file.status !== 'uploading' || !file.upload) return file.size_bytes;
    const { growth } = file.upload;
    const size = await this.storage.appendable.sizeOf(this.key, growth);
    if (size === file.size_bytes) {
      await this.storage.appendable.finish(this.key, growth);
      this.file = await this.uploads.complete(this.ctx, file, size);
    }
    return size;
  }

  private get known(): StoredFile {
    if (!this.file) throw notFound('upload');
    return this.file;
  }

  private get key(): string {
    return uploadKey(this.ctx.tenantId, this.known._id);
  }

  private whileHeld(): Transform {
    const leases = this.leases;
    return new Transform({
      transform(chunk: Buffer, _encoding, done) {
        try {
          for (const lease of leases) lease.assertHeld();
          done(null, chunk);
        } catch (error) {
          done(error as Error);
        }
      },
    });
  }
}
