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
 * Deletes files permanently: first the rows, in one transaction, then the objects. `OrphanObjects` finds objects that a crash in
 * between leaves.
 */
@Injectable()
export class FileRemoval {
  constructor(
    private readonly storage: ObjectStorage,
    private readonly outbox: Outbox,
    private readonly usage: MediaUsage,
  ) {}

  /**
   * @param condition must still be true when the row is deleted. Claims write the same row, so a concurrent claim and this removal
   * cannot both commit
   * @returns false when the condition was not true
   */
  async remove(ctx: RequestContext, id: ObjectId, condition: Filter<StoredFile>): Promise<boolean> {
    const prefixes = await ctx.transaction((tx) => this.removeRows(tx, id, condition));
    if (!prefixes) return false;
    for (const prefix of prefixes) await this.storage.deleteFolder(`${prefix}/`);
    return true;
  }

  /** Deletes the rows. Returns the prefixes of objects that are not used any more; null when the condition is not true. */
  private async removeRows(tx: RequestContext, _id: ObjectId, condition: Filter<StoredFile>): Promise<string[] | null> {
    const file = await tx.repository(files).findOne({ ...condition, _id }, { withDeleted: true });
    if (!file || (await tx.repository(files).deleteOne({ ...condition, _id })) === 0) return null;
    // A soft-deleted file was subtracted from the usage when it was deleted.
    if (file.deleted_at === null) await this.usage.release(tx, file);
    await this.letGo(tx, file);
    const own = objectPrefix(tx.tenantId, _id);
    const content = await this.removeContent(tx, file);
    const isShared = await tx.repository(mediaMetadata).findOne({ object_prefix: own }, { fields: ['_id'] });
    return [...new Set([...(isShared ? [] : [own]), ...(content ? [content] : [])])];
  }

  /** Releases all references except those of messages: the job updates the messages that show the file, and then releases theirs. */
  private async letGo(tx: RequestContext, { _id: file_id, reference_count }: StoredFile): Promise<void> {
    if (reference_count === 0) return;
    await tx.repository(fileReferences).deleteMany({ file_id, holder_kind: { $ne: 'message' } });
    await this.outbox.record(tx, refreshAttachments, { file_id: file_id.toHexString() });
  }

  /**
   * Deletes the content if this was its last file, and returns its prefix. Code that assigns a content to a file also writes the
   * content's row, so the two conflict.
   */
  private async removeContent(tx: RequestContext, { media_id }: StoredFile): Promise<string | null> {
    if (!media_id) return null;
    // Soft-deleted files count too: the content is still in use until they are removed.
    const another = await tx.repository(files).findOne({ media_id }, { withDeleted: true, fields: ['_id'] });
    if (another) {
      // This write makes concurrent removals of two files of one content conflict; otherwise each would see the other file and keep the
      // content.
      await tx.repository(mediaMetadata).updateOne({ _id: media_id }, { $set: { updated_at: new Date() } });
      return null;
    }
    const content = await tx.repository(mediaMetadata).findById(media_id, { withDeleted: true });
    if (!content || (await tx.repository(mediaMetadata).deleteOne({ _id: media_id })) === 0) return null;
    return content.object_prefix;
  }
}
