import { Inject, Injectable, Optional } from '@nestjs/common';
import { ObjectId } from 'bson';
import { notFound, type RequestContext } from '#caas/kernel';
import { processFile } from '#caas/contracts';
import { TextPolicy } from '#caas/domain/users';
import { ObjectStorage, type MultipartState } from '#caas/platform/storage';
import { Outbox } from '#caas/tenancy';
import { uploadKey } from '../persistence/object-keys';
import { MediaUsage } from '../limits/media-usage';
import { MediaPolicies } from '../limits/policies';
import { files, type StoredFile } from '../persistence';

/** How long an unfinished upload waits for more bytes. */
export const UPLOAD_EXPIRES_AFTER_MS = 24 * 60 * 60_000;

/** A request lasts minutes at most: after an hour, its process must have died. */
const SINGLE_REQUEST_MS = 60 * 60_000;

export interface NewUpload {
  id: ObjectId;
  name: string;
  declaredType: string | null;
  sizeBytes: number;
}

/** The rows of uploads, from creation to completion. */
@Injectable()
export class UploadsService {
  constructor(
    private readonly storage: ObjectStorage,
    private readonly outbox: Outbox,
    private readonly policies: MediaPolicies,
    private readonly usage: MediaUsage,
    @Optional() @Inject(TextPolicy) private readonly rules: TextPolicy | null,
  ) {}

  /**
   * Creates the row and reserves storage for an upload.
   * @param metadata for a resumable upload: `Upload-Metadata` as received
   * @throws CaasError 413 `file_too_large`, 415 `file_type_not_allowed`, 402 `quota_exceeded`, 403 `name_blocked`
   */
  async begin(ctx: RequestContext, upload: NewUpload, resumable?: { metadata: string | null }): Promise<StoredFile> {
    await this.policies.check(ctx, upload);
    const name = this.rules ? await this.rules.admitName(ctx, upload.name) : upload.name;
    await this.usage.prepare(ctx);
    const growth = resumable && (await this.storage.appendable.begin(uploadKey(ctx.tenantId, upload.id)));
    try {
      return await ctx.transaction(async (ctx) => {
        await this.usage.reserve(ctx, upload.sizeBytes);
        return ctx.repository(files).insertOne({
          _id: upload.id,
          owner: ctx.actor.kind === 'user' ? ctx.actor.user : null,
          name,
          declared_type: upload.declaredType,
          size_bytes: upload.sizeBytes,
          status: 'uploading',
          problem: null,
          media_id: null,
          reference_count: 0,
          unreferenced_at: null,
          upload_expires_at: growth ? inADay() : fromNow(SINGLE_REQUEST_MS),
          upload: growth ? { metadata: resumable.metadata, growth } : null,
        });
      });
    } catch (error) {
      if (growth) await this.storage.appendable.discard(uploadKey(ctx.tenantId, upload.id), growth);
      throw error;
    }
  }

  /** Extends the expiry after more bytes were received. @throws CaasError `upload_not_found` when the upload has ended in the meantime */
  async keep(ctx: RequestContext, file: StoredFile, growth?: MultipartState): Promise<StoredFile> {
    const more = growth ? { 'upload.growth': growth } : {};
    const kept = await ctx
      .repository(files)
      .findOneAndUpdate({ _id: file._id, status: 'uploading' }, { $set: { upload_expires_at: inADay(), ...more } });
    if (!kept) throw notFound('upload');
    return kept;
  }

  /**
   * All bytes are stored durably under the file's `uploadKey`: hands the file to the worker. May be repeated.
   * @throws CaasError 404 `upload_not_found` when the upload has ended in the meantime; its bytes are then removed
   */
  async complete(ctx: RequestContext, file: StoredFile, sizeBytes: number): Promise<StoredFile> {
    const now = new Date();
    const done = await ctx.transaction(async (ctx) => {
      const reserved = await ctx.repository(files).findOne({ _id: file._id, status: 'uploading' });
      if (!reserved) return ctx.repository(files).findById(file._id);
      const changes = { status: 'uploaded', size_bytes: sizeBytes, upload_expires_at: null, unreferenced_at: now };
      const whole = await ctx
        .repository(files)
        .findOneAndUpdate({ _id: file._id, status: 'uploading' }, { $set: { ...changes, upload: null } });
      if (!whole) return null;
      await this.usage.correct(ctx, reserved.size_bytes, sizeBytes);
      await this.outbox.record(ctx, processFile, { file_id: file._id.toHexString() });
      return whole;
    });
    if (done) return done;
    await this.storage.delete(uploadKey(ctx.tenantId, file._id));
    throw notFound('upload');
  }

  /**
   * Cancels an incomplete upload and removes every trace of it.
   * @param which `expired` for the collector: ends it only if no bytes have come until its expiry
   * @param check may throw, within the transaction that ends it
   * @returns false when it is complete, has already ended, or is still active
   */
  async endUpload(
    ctx: RequestContext,
    file: StoredFile,
    which: 'expired' | 'any' = 'expired',
    check?: (found: StoredFile) => void,
  ): Promise<boolean> {
    const over = which === 'expired' ? { upload_expires_at: { $lte: new Date() } } : {};
    const ended = await ctx.transaction(async (ctx) => {
      const filter = { _id: file._id, status: 'uploading', ...over };
      const found = await ctx.repository(files).findOne(filter);
      if (found) check?.(found);
      if (!found || (await ctx.repository(files).deleteOne(filter)) === 0) return null;
      await this.usage.release(ctx, found);
      return found;
    });
    if (!ended) return false;
    const key = uploadKey(ctx.tenantId, file._id);
    if (ended.upload) await this.storage.appendable.discard(key, ended.upload.growth);
    await this.storage.delete(key);
    return true;
  }
}

const inADay = () => fromNow(UPLOAD_EXPIRES_AFTER_MS);
const fromNow = (ms: number) => new Date(Date.now() + ms);
