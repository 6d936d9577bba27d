import { MediaProcessors } from '#caas/domain/media/testing';

/** As a worker has them, outside of one. */
export const makersOf = (threads = 2, timeoutMs = 10 * 60_000): MediaProcessors =>
  MediaProcessors.with({
    FFMPEG_PATH: '/usr/local/bin:/usr/bin:/bin',
    FFMPEG_THREADS: threads,
    FFMPEG_TIMEOUT: timeoutMs,
  });
