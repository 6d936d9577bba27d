import { Injectable } from '@nestjs/common';
import type { ObjectId } from 'bson';
import type { RequestContext } from '#caas/kernel';
import { files, mediaMetadata, type StoredFile } from '../persistence';
import { attachmentOf, type Attachment } from './views';

/** Builds the copies of files that messages and posts store. */
@Injectable()
export class AttachmentSnapshots {
  /** In the order given. */
  async of(ctx: RequestContext, some: readonly StoredFile[]): Promise<Attachment[]> {
    const ids = some.flatMap(({ media_id }) => (media_id ? [media_id] : []));
    const contents = ids.length === 0 ? [] : await ctx.repository(mediaMetadata).find({ _id: { $in: ids } });
    const byId = new Map(contents.map((content) => [content._id.toHexString(), content]));
    return some.map((file) => attachmentOf(file, byId.get(file.media_id?.toHexString() ?? '') ?? null));
  }

  /** Null when the file does not exist any more. */
  async ofFile(ctx: RequestContext, id: ObjectId): Promise<Attachment | null> {
    const file = await ctx.repository(files).findById(id);
    if (!file) return null;
    const [snapshot] = await this.of(ctx, [file]);
    return snapshot!;
  }
}
