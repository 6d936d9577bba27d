import { Injectable } from '@nestjs/common';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { NOTHING_KNOWN, variant, type ProcessedMedia, type ProcessedVariant } from '../processed-media';
import { failed } from '../outcomes';
import { Ffmpeg } from '../tools/ffmpeg';
import { ToolFailed } from '../tools/limited-run';
import type { ProcessingInput } from '../processing-input';
import { Images } from './images';
import { CONTAINERS, refusing, WITHOUT_TAGS, type Probed } from './probe';

const SHORT_SIDE = 720;
const LARGEST_POSTER = 1280;
const MOST_FPS = 60;
const SEGMENT_S = 4;

/** Codecs that browsers play, among those that an MP4 or a WebM may contain. */
const PLAYED: Record<string, { video: string[]; audio: string[] }> = {
  mp4: { video: ['h264', 'hevc', 'av1', 'vp9', 'mpeg4'], audio: ['aac', 'mp3', 'opus', 'ac3', 'flac'] },
  webm: { video: ['vp8', 'vp9', 'av1'], audio: ['vorbis', 'opus'] },
};

type Video = NonNullable<Probed['video']>;

/** Makes a poster, a 720p MP4, HLS, and, where the streams can be copied, the original without its tags. */
@Injectable()
export class Videos {
  constructor(
    private readonly ffmpeg: Ffmpeg,
    private readonly images: Images,
  ) {}

  /** @throws FileRefused `unreadable_media`, `took_too_long`, `output_too_large` */
  async make(work: ProcessingInput, content_type: string, probed: Probed & { video: Video }): Promise<ProcessedMedia> {
    const { poster, thumbhash } = await this.poster(work, probed).catch(refusing);
    const played = await this.transcode(work, probed).catch(refusing);
    const [hls, original] = [await this.hls(work, played), await this.original(work, content_type, probed)];
    const { width, height } = probed.video;
    const variants = [...(original ? [original] : []), poster, played, ...hls];
    const known = { ...NOTHING_KNOWN, width, height, duration_ms: probed.durationMs, thumbhash };
    return { ...known, kind: 'video', content_type, variants };
  }

  /** Takes a frame a tenth of the way in, because beginnings are often black; if there is none, the first frame. */
  private async poster({ input, output, signal }: ProcessingInput, { demuxer, durationMs }: Probed) {
    const picture = join(output, 'poster.png');
    const shot = (before: string[]) =>
      this.ffmpeg.convert(
        { path: input, demuxer, before },
        ['-map', '0:v:0', '-frames:v', '1', '-f', 'image2', '-update', '1', picture],
        { signal },
      );
    await shot(['-ss', (Math.min(durationMs, 600_000) / 10_000).toFixed(3)]);
    return this.images.poster(picture, LARGEST_POSTER).catch(async () => {
      await shot([]);
      return this.images.poster(picture, LARGEST_POSTER);
    });
  }

  async transcode(
    { input, output, signal, progress }: ProcessingInput,
    probed: Probed & { video: Video },
  ): Promise<ProcessedVariant> {
    const path = join(output, '720p.mp4');
    const { demuxer, durationMs, video } = probed;
    const size = fitting(video);
    const args = [
      '-map',
      '0:v:0',
      '-map',
      '0:a:0?',
      '-sn',
      '-dn',
      ...WITHOUT_TAGS,
      ...h264(size),
      ...AAC,
      ...toMp4(path),
    ];
    const run = { signal, onOutput: progressOf(durationMs, progress) };
    await this.ffmpeg.convert({ path: input, demuxer }, ['-progress', 'pipe:1', '-nostats', ...args], run);
    return variant('720p', '720p.mp4', 'video/mp4', { path }, { ...size, duration_ms: durationMs });
  }

  /**
   * Segments the same streams for adaptive playback. The segments are byte ranges of one file (RFC 8216, 4.3.2.2), so an hour of video
   * is two objects rather than a thousand.
   */
  private async hls({ output, signal }: ProcessingInput, played: ProcessedVariant): Promise<ProcessedVariant[]> {
    const folder = join(output, 'hls');
    await mkdir(folder);
    const [list, pieces] = [join(folder, 'index.m3u8'), join(folder, 'segments.ts')];
    const kind = [
      '-hls_time',
      String(SEGMENT_S),
      '-hls_list_size',
      '0',
      '-hls_playlist_type',
      'vod',
      '-hls_flags',
      'single_file',
    ];
    const { path } = played.from as { path: string };
    const args = ['-map', '0', '-c', 'copy', '-f', 'hls', ...kind, '-hls_segment_filename', pieces, list];
    await this.ffmpeg.convert({ path, demuxer: 'mov' }, args, { signal });
    const { width, height, duration_ms } = played;
    const measures = { width, height, duration_ms };
    // The playlist is written last, so that it never refers to missing segments.
    return [
      variant('hls/segments.ts', 'hls/segments.ts', 'video/mp2t', { path: pieces }, measures),
      variant('hls/index.m3u8', 'hls/index.m3u8', 'application/vnd.apple.mpegurl', { path: list }, measures),
    ];
  }

  private async original(
    work: ProcessingInput,
    contentType: string,
    probed: Probed & { video: Video },
  ): Promise<ProcessedVariant | null> {
    const { copy, demuxer } = CONTAINERS[contentType]!;
    const played = copy && PLAYED[copy.muxer];
    const { video, audioCodec, durationMs } = probed;
    if (!copy || !played?.video.includes(video.codec)) return null;
    if (audioCodec !== null && !played.audio.includes(audioCodec)) return null;
    const path = join(work.output, `original.${copy.ending}`);
    const faststart = copy.muxer === 'mp4' ? ['-movflags', '+faststart'] : [];
    const args = [
      '-map',
      '0:v:0',
      '-map',
      '0:a:0?',
      '-c',
      'copy',
      ...WITHOUT_TAGS,
      ...faststart,
      '-f',
      copy.muxer,
      path,
    ];
    try {
      await this.ffmpeg.convert({ path: work.input, demuxer }, args, { signal: work.signal });
    } catch (error) {
      // The 720p variant can still be played.
      if (error instanceof ToolFailed) return null;
      throw error;
    }
    const { width, height } = video;
    return variant(
      'original',
      `original.${copy.ending}`,
      copy.type,
      { path },
      { width, height, duration_ms: durationMs },
    );
  }
}

const AAC = ['-c:a', 'aac', '-b:a', '128k', '-ac', '2'];
export const X264 = ['-c:v', 'libx264', '-preset', 'veryfast', '-crf', '23', '-profile:v', 'high'];
const toMp4 = (path: string) => ['-movflags', '+faststart', '-f', 'mp4', path];

const h264 = ({ width, height }: { width: number; height: number }) => [
  ...['-vf', `scale=${width}:${height},setsar=1,format=yuv420p`, '-fpsmax', String(MOST_FPS)],
  ...[...X264, '-force_key_frames', `expr:gte(t,n_forced*${SEGMENT_S})`],
];

/** Shorter side at most 720, never larger than the source, and even, as H.264 with 4:2:0 requires. */
export function fitting({ width, height }: { width: number; height: number }) {
  const factor = Math.min(1, SHORT_SIDE / Math.min(width, height));
  const even = (side: number) => Math.max(2, 2 * Math.round((side * factor) / 2));
  const size = { width: even(width), height: even(height) };
  if (Math.max(size.width, size.height) > 16_384)
    throw failed('media_too_large', 'Its pictures are too long or too high.');
  return size;
}

/** Parses ffmpeg's `-progress` output: lines of `out_time_us=…`. */
function progressOf(durationMs: number, progress: (percent: number) => void) {
  return (chunk: Buffer) => {
    const microseconds = [...chunk.toString().matchAll(/out_time_us=(\d+)/g)].at(-1)?.[1];
    if (microseconds === undefined || durationMs === 0) return;
    progress(Math.min(99, Math.floor(Number(microseconds) / 10 / durationMs)));
  };
}
