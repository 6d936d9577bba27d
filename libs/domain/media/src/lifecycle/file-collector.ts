import { Injectable } from '@nestjs/common';
import type { ObjectId } from 'bson';
import type { Filter, RequestContext } from '#caas/kernel';
import { InjectConfig, type ConfigOf } from '#caas/platform/config';
import { FileOwnersRegistry } from '../files/file-owners-registry';
import { FileReferences } from '../files/file-references';
import { fileReferences, files, IS_DELETED, IS_UNREFERENCED, IS_UPLOADING, type StoredFile } from '../persistence';
import { UploadsService } from '../uploads/uploads.service';
import { FileRemoval } from './file-removal';
import { fileLifecycleConfig } from './lifecycle.config';

const AT_ONCE = 100;
const REFERENCES_AT_ONCE = 500;

/** Counts of one visit to a tenant. */
export interface Collected {
  uploads: number;
  unused: number;
  deleted: number;
}

/**
 * Deletes files and uploads that are no longer used, in bounded portions. It may be killed at any point, and run concurrently with
 * itself.
 */
@Injectable()
export class FileCollector {
  constructor(
    private readonly removal: FileRemoval,
    private readonly references: FileReferences,
    private readonly holders: FileOwnersRegistry,
    private readonly uploads: UploadsService,
    @InjectConfig(fileLifecycleConfig) private readonly config: ConfigOf<typeof fileLifecycleConfig>,
  ) {}

  async collect(ctx: RequestContext): Promise<Collected> {
    const before = (ms: number) => ({ $lte: new Date(Date.now() - ms) });
    const unused = { reference_count: 0, unreferenced_at: before(this.config.FILES_UNUSED_FOR) };
    return {
      uploads: await this.endUploads(ctx, { ...IS_UPLOADING, status: 'uploading' }),
      unused: await this.removeAll(ctx, IS_UNREFERENCED, unused),
      deleted: await this.removeAll(ctx, IS_DELETED, IS_DELETED),
    };
  }

  /**
   * Releases references of holders that were never created, in the order of references.
   * @returns where the next portion begins; null after the last
   */
  async releaseAbandoned(ctx: RequestContext, after: ObjectId | null): Promise<ObjectId | null> {
    const bound = after === null ? {} : { _id: { $gt: after } };
    const some = await ctx.repository(fileReferences).find(bound, { sort: { _id: 1 }, limit: REFERENCES_AT_ONCE });
    const latest = Date.now() - this.config.FILES_CLAIMED_FOR;
    const old = some.filter(({ created_at }) => created_at.getTime() <= latest);
    await this.references.releaseAll(ctx, await this.holders.abandoned(ctx, old));
    return some.length < REFERENCES_AT_ONCE ? null : some.at(-1)!._id;
  }

  private async endUploads(ctx: RequestContext, uploading: Filter<StoredFile>): Promise<number> {
    const over = { $and: [uploading, { upload_expires_at: { $lte: new Date() } }] };
    let ended = 0;
    for (const file of await ctx.repository(files).find(over, { limit: AT_ONCE })) {
      if (await this.uploads.endUpload(ctx, file)) ended += 1;
    }
    return ended;
  }

  private async removeAll(
    ctx: RequestContext,
    index: Filter<StoredFile>,
    condition: Filter<StoredFile>,
  ): Promise<number> {
    const found = await ctx
      .repository(files)
      .find({ $and: [index, condition] }, { limit: AT_ONCE, fields: ['_id'], withDeleted: true });
    let removed = 0;
    for (const { _id } of found) if (await this.removal.remove(ctx, _id, condition)) removed += 1;
    return removed;
  }
}
