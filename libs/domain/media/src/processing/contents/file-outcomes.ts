import { Injectable } from '@nestjs/common';
import { refreshAttachments } from '#caas/contracts';
import type { RequestContext } from '#caas/kernel';
import { Outbox } from '#caas/tenancy';
import { files, type FileStatus, type StoredFile } from '../../persistence/file.schema';
import { mediaMetadata, type MediaMetadata, type MediaVariant } from '../../persistence/media-metadata.schema';
import { FileNotifier } from '../file-notifier';
import type { ProcessedMedia } from '../processed-media';
import type { FileRefused } from '../outcomes';
import { ofAttempt, UNFINISHED_ONES } from './file-claims';

type Changes = Partial<Pick<StoredFile, 'status' | 'problem' | 'media_id'>> & { status: FileStatus };

/** Commits the result of processing: the file, its content and the resulting events in one transaction. */
@Injectable()
export class FileOutcomes {
  constructor(
    private readonly outbox: Outbox,
    private readonly notifier: FileNotifier,
  ) {}

  /** Marks the file ready with an existing content. False when the file no longer belongs to this attempt. */
  share(ctx: RequestContext, file: StoredFile, media: MediaMetadata): Promise<boolean> {
    return ctx.transaction(async (tx) => {
      // This write makes a concurrent removal of the content by the collector conflict.
      const current = await tx
        .repository(mediaMetadata)
        .findOneAndUpdate({ _id: media._id, status: 'ready' }, { $set: { status: 'ready' } });
      if (!current) return false;
      const ended = await this.end(tx, ofAttempt(file), { status: 'ready', media_id: media._id }, current);
      return ended.length > 0;
    });
  }

  /** Marks the file ready, and every file that waits for the same content. False when the file no longer belongs to this attempt. */
  ready(
    ctx: RequestContext,
    file: StoredFile,
    media: MediaMetadata,
    made: ProcessedMedia,
    variants: MediaVariant[],
  ): Promise<boolean> {
    return ctx
      .transaction(async (tx) => {
        const { kind, content_type, width, height, duration_ms, thumbhash, waveform, page_count } = made;
        const known = { kind, content_type, width, height, duration_ms, thumbhash, waveform, page_count, variants };
        const ours = { _id: media._id, processed_by: file._id, status: 'processing' as const };
        const current = await tx
          .repository(mediaMetadata)
          .findOneAndUpdate(ours, { $set: { ...known, status: 'ready', processed_by: null } });
        if (!current) return false;
        const ended = await this.end(tx, ofAttempt(file), { status: 'ready', media_id: media._id }, current);
        if (ended.length === 0) throw new LostFile();
        await this.end(tx, { media_id: media._id, ...UNFINISHED_ONES }, { status: 'ready' }, current);
        return true;
      })
      .catch(lost);
  }

  /** Rejects or fails the file, and every file that waits for the same content. The content is not kept. */
  refuse(ctx: RequestContext, file: StoredFile, { status, code, detail }: FileRefused): Promise<boolean> {
    return ctx.transaction(async (tx) => {
      const end: Changes = { status, problem: { code, detail }, media_id: null };
      const ended = await this.end(tx, ofAttempt(file), end, null);
      if (ended.length === 0) return false;
      const made = await tx.repository(mediaMetadata).findOne({ processed_by: file._id, status: 'processing' });
      if (!made) return true;
      await tx.repository(mediaMetadata).deleteOne({ _id: made._id });
      await this.end(tx, { media_id: made._id, ...UNFINISHED_ONES }, end, null);
      return true;
    });
  }

  private async end(
    tx: RequestContext,
    filter: Parameters<ReturnType<typeof tx.repository<StoredFile>>['find']>[0],
    changes: Changes,
    media: MediaMetadata | null,
  ): Promise<StoredFile[]> {
    const ended: StoredFile[] = [];
    for (const { _id } of await tx.repository(files).find(filter)) {
      const set = { ...changes, leased_until: null };
      const file = await tx.repository(files).findOneAndUpdate({ _id, ...UNFINISHED_ONES }, { $set: set });
      if (!file) continue;
      await this.outbox.record(tx, refreshAttachments, { file_id: _id.toHexString() });
      tx.afterCommit(() => this.notifier.tell(tx, file, media));
      ended.push(file);
    }
    return ended;
  }
}

/** Aborts the transaction: the content's row was written before we saw that the file is no longer ours. */
class LostFile extends Error {}

function lost(error: unknown): boolean {
  if (error instanceof LostFile) return false;
  throw error;
}
