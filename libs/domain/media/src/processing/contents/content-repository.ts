import { Injectable } from '@nestjs/common';
import type { ObjectId } from 'bson';
import { DuplicateKeyError, type RequestContext } from '#caas/kernel';
import { objectPrefix } from '../../persistence/object-keys';
import { files, type StoredFile } from '../../persistence/file.schema';
import { mediaMetadata, type MediaMetadata } from '../../persistence/media-metadata.schema';
import { NOTHING_KNOWN } from '../processed-media';
import type { Sniffed } from '../processors/sniff';
import { RetryLater } from '../outcomes';
import { isUnfinished, ofAttempt } from './file-claims';

/** Hash and size of a file's bytes. */
export interface Digest {
  sha256: string;
  sizeBytes: number;
}

/** One row per distinct content: the first file's job processes it, the others wait and share the result. */
@Injectable()
export class ContentRepository {
  /** The content of these bytes if it has been processed. */
  ready(ctx: RequestContext, { sha256 }: Digest): Promise<MediaMetadata | null> {
    return ctx.repository(mediaMetadata).findOne({ sha256, status: 'ready' });
  }

  /**
   * Claims the content's row for this file. `abandoned` is the object prefix of an earlier file that failed or was deleted while it
   * processed the content.
   * @throws RetryLater while another file with the same bytes processes it; that file's result also makes this file ready
   */
  async claim(
    ctx: RequestContext,
    file: StoredFile,
    digest: Digest,
    sniffed: Sniffed,
  ): Promise<{ media: MediaMetadata; abandoned: string | null }> {
    try {
      const claimed = await ctx.transaction((tx) => this.claimWithin(tx, file, digest, sniffed));
      if (claimed.busyWith) throw new RetryLater(`the file ${claimed.busyWith.toHexString()} has the same bytes`);
      return claimed;
    } catch (error) {
      if (error instanceof DuplicateKeyError) throw new RetryLater('another file has the same bytes');
      throw error;
    }
  }

  private async claimWithin(tx: RequestContext, file: StoredFile, { sha256, sizeBytes }: Digest, sniffed: Sniffed) {
    const rows = tx.repository(mediaMetadata);
    const object_prefix = objectPrefix(tx.tenantId, file._id);
    const known = await rows.findOne({ sha256 });
    const mine = { ...sniffed, object_prefix, processed_by: file._id, status: 'processing' as const };
    if (!known) {
      const media = await rows.insertOne({ ...EMPTY, ...mine, sha256, size_bytes: sizeBytes });
      await this.point(tx, file, media._id);
      return { media, abandoned: null, busyWith: null };
    }
    await this.point(tx, file, known._id);
    if (known.processed_by?.equals(file._id)) return { media: known, abandoned: null, busyWith: null };
    if (known.status === 'ready') return { media: known, abandoned: null, busyWith: file._id };
    const maker = known.processed_by ? await tx.repository(files).findById(known.processed_by) : null;
    if (maker && isUnfinished(maker)) {
      // This write makes a concurrent removal of the content with its last file conflict; every assignment of a content does it.
      await rows.updateOne({ _id: known._id }, { $set: { processed_by: maker._id } });
      return { media: known, abandoned: null, busyWith: maker._id };
    }
    const media = await rows.findOneAndUpdate({ _id: known._id }, { $set: mine });
    return { media: media!, abandoned: known.object_prefix, busyWith: null };
  }

  private async point(tx: RequestContext, file: StoredFile, media_id: ObjectId): Promise<void> {
    const { matched } = await tx.repository(files).updateOne(ofAttempt(file), { $set: { media_id } });
    if (matched === 0) throw new RetryLater('the file is no longer ours');
  }
}

const EMPTY = { problem: null, ...NOTHING_KNOWN, variants: [] };
