import { Injectable } from '@nestjs/common';
import { DuplicateKeyError, type RequestContext } from '#caas/kernel';
import { limitOf, quotaExceeded, QuotaWarnings } from '#caas/domain/usage';
import { mediaUsage, type StoredFile } from '../persistence';

/**
 * The storage used by a tenant's files. A file counts with its `size_bytes` from the creation of its row (an upload reserves its full
 * size) until it is deleted. Counting happens in the transaction that creates or deletes the row: code that deletes a row of `files`
 * must call `release` once in that transaction.
 */
@Injectable()
export class MediaUsage {
  constructor(private readonly warnings: QuotaWarnings) {}

  async of(ctx: RequestContext): Promise<{ files: number; bytes: number }> {
    const row = await ctx.repository(mediaUsage).findOne({});
    return { files: row?.files ?? 0, bytes: row?.bytes ?? 0 };
  }

  /** Creates the tenant's row if it is missing. Call it before the transaction: of two transactions that create it, one would fail. */
  async prepare(ctx: RequestContext): Promise<void> {
    if (await ctx.repository(mediaUsage).findOne({})) return;
    try {
      await ctx.repository(mediaUsage).insertOne({ bytes: 0, files: 0 });
    } catch (error) {
      if (!(error instanceof DuplicateKeyError)) throw error;
    }
  }

  /** @throws CaasError `quota_exceeded` (402) */
  async reserve(ctx: RequestContext, sizeBytes: number): Promise<void> {
    await this.add(ctx, sizeBytes, 1);
  }

  /** Applies the difference between the actual and the reserved size. @throws CaasError `quota_exceeded` (402) */
  async correct(ctx: RequestContext, fromBytes: number, toBytes: number): Promise<void> {
    if (fromBytes !== toBytes) await this.add(ctx, toBytes - fromBytes, 0);
  }

  async release(ctx: RequestContext, file: Pick<StoredFile, 'size_bytes'>): Promise<void> {
    await ctx.repository(mediaUsage).updateOne({}, { $inc: { bytes: -file.size_bytes, files: -1 } });
  }

  private async add(ctx: RequestContext, bytes: number, files: number): Promise<void> {
    const limit = limitOf(ctx.tenant, 'storage_bytes');
    const fits = bytes > 0 && limit !== null ? { bytes: { $lte: limit - bytes } } : {};
    const now = await ctx.repository(mediaUsage).findOneAndUpdate(fits, { $inc: { bytes, files } });
    if (!now) throw quotaExceeded('storage_bytes', limit!);
    const confirm = () => Promise.resolve(now.bytes);
    if (bytes > 0) ctx.afterCommit(() => this.warnings.consider(ctx, 'storage_bytes', now.bytes, confirm));
  }
}
