import { Injectable } from '@nestjs/common';
import type { ObjectId } from 'bson';
import { refreshAttachments } from '#caas/contracts';
import type { Filter, RequestContext } from '#caas/kernel';
import { ObjectStorage } from '#caas/platform/storage';
import { Outbox } from '#caas/tenancy';
import { objectPrefix } from '../persistence/object-keys';
import { MediaUsage } from '../limits/media-usage';
import { fileReferences, files, mediaMetadata, type StoredFile } from '../persistence';

/**
 * Removes files for good: first the rows, in one transaction, then the objects. What a crash in between leaves of the objects
 * is found by `OrphanObjects`.
 */
@Injectable()
export class FileRemoval {
  constructor(
    private readonly storage: ObjectStorage,
    private readonly outbox: Outbox,
    private readonly usage: MediaUsage,
  ) {}

  /**
   * @param condition what must still be so: claims write the same row, so that of a claim and this one of the two fails
   * @returns false when it was not so
   */
  async remove(ctx: RequestContext, id: ObjectId, condition: Filter<StoredFile>): Promise<boolean> {
    const prefixes = await ctx.transaction((tx) => this.removeRows(tx, id, condition));
    if (!prefixes) return false;
    for (const prefix of prefixes) await this.storage.deleteFolder(`${prefix}/`);
    return true;
  }

  /** The prefixes whose objects belong to nothing any more; null when the condition does not hold. */
  private async removeRows(tx: RequestContext, _id: ObjectId, condition: Filter<StoredFile>): Promise<string[] | null> {
    const file = await tx.repository(files).findOne({ ...condition, _id }, { withDeleted: true });
    if (!file || (await tx.repository(files).deleteOne({ ...condition, _id })) === 0) return null;
    // One that was deleted before has been taken off the account then.
    if (file.deleted_at === null) await this.usage.release(tx, file);
    await this.letGo(tx, file);
    const own = objectPrefix(tx.tenantId, _id);
    const content = await this.removeContent(tx, file);
    const isShared = await tx.repository(mediaMetadata).findOne({ object_prefix: own }, { fields: ['_id'] });
    return [...new Set([...(isShared ? [] : [own]), ...(content ? [content] : [])])];
  }

  /** Messages that show a deleted file hear of it, and give up their references then. */
  private async letGo(tx: RequestContext, { _id: file_id, reference_count }: StoredFile): Promise<void> {
    if (reference_count === 0) return;
    await tx.repository(fileReferences).deleteMany({ file_id, holder_kind: { $ne: 'message' } });
    await this.outbox.record(tx, refreshAttachments, { file_id: file_id.toHexString() });
  }

  /** The prefix of the file's content, when this was its last file. Whoever points a file to a content writes the content's row. */
  private async removeContent(tx: RequestContext, { media_id }: StoredFile): Promise<string | null> {
    if (!media_id) return null;
    // Also one that is soft-deleted: until it is removed in its turn, its content is not alone.
    const another = await tx.repository(files).findOne({ media_id }, { withDeleted: true, fields: ['_id'] });
    if (another) {
      // Written, so that two files of one content, removed at the same time, do not each leave it to the other.
      await tx.repository(mediaMetadata).updateOne({ _id: media_id }, { $set: { updated_at: new Date() } });
      return null;
    }
    const content = await tx.repository(mediaMetadata).findById(media_id, { withDeleted: true });
    if (!content || (await tx.repository(mediaMetadata).deleteOne({ _id: media_id })) === 0) return null;
    return content.object_prefix;
  }
}
