import { Injectable } from '@nestjs/common';
import type { ObjectId } from 'bson';
import { notFound, type RequestContext } from '#caas/kernel';
import { fileReferences, files, mediaMetadata, type MediaMetadata, type StoredFile } from '../persistence';
import { FileViewers } from './file-viewers';
import { isOwner } from '../persistence/owners';

export interface FileWithMedia {
  file: StoredFile;
  media: MediaMetadata | null;
}

/** Decides which files the actor may see. */
@Injectable()
export class FileAccess {
  constructor(private readonly viewers: FileViewers) {}

  /** @throws CaasError `file_not_found` (404), also when the actor may not see the file */
  async visible(ctx: RequestContext, id: ObjectId): Promise<FileWithMedia> {
    const file = await ctx.repository(files).findById(id);
    if (!file || !(isOwner(ctx, file) || (await this.isShown(ctx, file)))) throw notFound('file');
    return { file, media: await mediaOf(ctx, file) };
  }

  /** Finds a file that an existing holder uses, without checking the actor. @throws CaasError `file_not_found` (404) */
  async held(ctx: RequestContext, id: ObjectId): Promise<FileWithMedia> {
    const file = await ctx.repository(files).findById(id);
    if (!file || !(await this.isShown(ctx, file))) throw notFound('file');
    return { file, media: await mediaOf(ctx, file) };
  }

  /** @throws CaasError `file_not_found` (404) */
  async owned(ctx: RequestContext, id: ObjectId): Promise<StoredFile> {
    const file = await ctx.repository(files).findById(id);
    if (!file || !isOwner(ctx, file)) throw notFound('file');
    return file;
  }

  private async isShown(ctx: RequestContext, file: StoredFile): Promise<boolean> {
    if (file.reference_count === 0) return false;
    return this.viewers.anyOf(ctx, await ctx.repository(fileReferences).find({ file_id: file._id }));
  }
}

export async function mediaOf(ctx: RequestContext, file: StoredFile): Promise<MediaMetadata | null> {
  return file.media_id && (await ctx.repository(mediaMetadata).findById(file.media_id));
}
