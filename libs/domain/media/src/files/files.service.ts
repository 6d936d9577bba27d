import { Injectable } from '@nestjs/common';
import type { ObjectId } from 'bson';
import {
  conflict,
  mapPage,
  notFound,
  type Page,
  type PageRequest,
  type Preconditions,
  type RequestContext,
} from '#caas/kernel';
import { MediaUsage } from '../limits/media-usage';
import { files, mediaMetadata, type MediaMetadata, type StoredFile } from '../persistence';
import { UploadsService } from '../uploads/uploads.service';
import { FileAccess, type FileWithMedia } from './file-access';

@Injectable()
export class FilesService {
  constructor(
    private readonly access: FileAccess,
    private readonly uploads: UploadsService,
    private readonly usage: MediaUsage,
  ) {}

  /** @throws CaasError `file_not_found` (404) */
  get(ctx: RequestContext, id: ObjectId): Promise<FileWithMedia> {
    return this.access.visible(ctx, id);
  }

  /** A user's own files; for the tenant's server, the files that it uploaded without an owner. */
  async list(ctx: RequestContext, request: PageRequest): Promise<Page<FileWithMedia>> {
    const owner = ctx.actor.kind === 'user' ? { 'owner.user_id': ctx.user.user_id } : { 'owner.user_id': null };
    const page = await ctx.repository(files).page(owner, request);
    const ids = page.data.flatMap(({ media_id }) => media_id ?? []);
    const found = ids.length === 0 ? [] : await ctx.repository(mediaMetadata).find({ _id: { $in: ids } });
    const byId = new Map<string, MediaMetadata>(found.map((media) => [media._id.toHexString(), media]));
    return mapPage(page, (file) => ({ file, media: byId.get(file.media_id?.toHexString() ?? '') ?? null }));
  }

  /**
   * The collector deletes the rows and objects later. Preconditions compare with the file's `__v`, because clients cannot edit a file.
   * @throws CaasError `file_not_found` (404), `file_in_use` (409) while a message, a post or a user holds it, `stale_version` (412)
   */
  async remove(ctx: RequestContext, id: ObjectId, preconditions: Preconditions): Promise<void> {
    const file = await this.access.owned(ctx, id);
    const check = ({ __v }: StoredFile) => preconditions.require(__v);
    if (file.status === 'uploading' && (await this.uploads.endUpload(ctx, file, 'any', check))) return;
    await ctx.transaction(async (ctx) => {
      const now = await ctx.repository(files).findById(id);
      if (now) check(now);
      const removed = await ctx.repository(files).softDelete({ _id: id, reference_count: 0 });
      if (removed) return this.usage.release(ctx, removed);
      throw now ? conflict('file_in_use', 'A message, a post or a user holds this file.') : notFound('file');
    });
  }
}
