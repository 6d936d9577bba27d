import { Injectable } from '@nestjs/common';
import type { RequestContext } from '#caas/kernel';
import { Realtime } from '#caas/platform/realtime';
import { viewOfFile } from '../files/views';
import type { MediaMetadata } from '../persistence/media-metadata.schema';
import type { StoredFile } from '../persistence/file.schema';

const PROGRESS_EVERY_MS = 1_000;

/** Sends a file's status to all devices of its owner. The holders' domains notify the readers of the holders. */
@Injectable()
export class FileNotifier {
  constructor(private readonly realtime: Realtime) {}

  tell(ctx: RequestContext, file: StoredFile, media: MediaMetadata | null, progress: number | null = null): void {
    if (!file.owner) return;
    const audience = { userId: file.owner.user_id.toHexString() };
    this.realtime.publish(ctx, audience, { type: 'file.updated', data: viewOfFile(file, media, progress) });
  }

  /** At most one event a second, and only on a change. */
  progressOf(ctx: RequestContext, file: StoredFile, media: MediaMetadata): (percent: number) => void {
    let told = 0;
    let at = Date.now();
    return (percent) => {
      if (percent <= told || Date.now() < at + PROGRESS_EVERY_MS) return;
      told = percent;
      at = Date.now();
      this.tell(ctx, file, media, percent);
    };
  }
}
