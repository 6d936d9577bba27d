import { configSection, duration, integer, optional, text } from '#caas/platform/config';

export const processingConfig = configSection(
  'processing',
  {
    CLAMAV_SOCKET: optional(
      text({ doc: 'clamd, which then scans every upload: the path of its socket, or host:port; a worker reads it' }),
    ),
    FFMPEG_PATH: text({
      default: '/usr/local/bin:/usr/bin:/bin',
      doc: 'folders in which workers look for ffmpeg, ffprobe, pdfinfo, pdftoppm and what limits them; all of the environment that those get',
    }),
    FFMPEG_THREADS: integer({ default: 2, min: 1, max: 64, doc: 'threads of one transcode, which runs niced' }),
    FFMPEG_TIMEOUT: duration({ default: '20m', doc: 'how long one run of ffmpeg may take; then the file has failed' }),
  },
  ({ CLAMAV_SOCKET: address }) =>
    address === null || address.startsWith('/') || /^[^\s/:]+:\d{1,5}$/.test(address)
      ? []
      : ['CLAMAV_SOCKET must be an absolute path or host:port'],
);
