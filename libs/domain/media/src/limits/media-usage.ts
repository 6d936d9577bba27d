import { Injectable } from '@nestjs/common';
import { DuplicateKeyError, type RequestContext } from '#caas/kernel';
import { limitOf, quotaExceeded, QuotaWarnings } from '#caas/domain/usage';
import { mediaUsage, type StoredFile } from '../persistence';

/**
 * How much a tenant's files take up. A file counts with its `size_bytes` from the row's first moment (an upload is reserved whole)
 * until it is deleted, in the transactions that do so: whoever deletes a row of `files` calls `release`, once, in that transaction.
 */
@Injectable()
export class MediaUsage {
  constructor(private readonly warnings: QuotaWarnings) {}

  async of(ctx: RequestContext): Promise<{ files: number; bytes: number }> {
    const row = await ctx.repository(mediaUsage).findOne({});
    return { files: row?.files ?? 0, bytes: row?.bytes ?? 0 };
  }

  /** Makes the tenant's row when there is none. Before the transaction: of two that make it at once, one would fail. */
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

  /** The file turned out larger or smaller than was reserved. @throws CaasError `quota_exceeded` (402) */
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
