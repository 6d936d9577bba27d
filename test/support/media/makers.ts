import { Makers } from '#caas/domain/media';

/** As a worker has them, outside of one. */
export const makersOf = (threads = 2, timeoutMs = 10 * 60_000): Makers =>
  Makers.with({ FFMPEG_PATH: '/usr/local/bin:/usr/bin:/bin', FFMPEG_THREADS: threads, FFMPEG_TIMEOUT: timeoutMs });
