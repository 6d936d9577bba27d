import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { FileRefused, rejected } from '../outcomes';
import { Ffmpeg, only } from '../tools/ffmpeg';
import { ToolFailed } from '../tools/limited-run';
import type { ProcessingInput } from '../processing-input';

const MOST_PIXELS = 8192 * 4320;
const MOST_STREAMS = 32;

/** By detected type: the only demuxer that may open it, and the container into which its streams can be copied. */
export const CONTAINERS: Record<
  string,
  { demuxer: string; copy: { muxer: string; ending: string; type: string } | null }
> = {
  'video/mp4': mov('video/mp4', 'mp4'),
  'video/quicktime': mov('video/mp4', 'mp4'),
  'video/x-m4v': mov('video/mp4', 'mp4'),
  'video/3gpp': mov('video/mp4', 'mp4'),
  'video/3gpp2': mov('video/mp4', 'mp4'),
  'video/webm': { demuxer: 'matroska', copy: { muxer: 'webm', ending: 'webm', type: 'video/webm' } },
  'video/matroska': { demuxer: 'matroska', copy: null },
  'video/vnd.avi': { demuxer: 'avi', copy: null },
  'audio/mpeg': { demuxer: 'mp3', copy: { muxer: 'mp3', ending: 'mp3', type: 'audio/mpeg' } },
  'audio/mp4': mov('audio/mp4', 'm4a'),
  'audio/x-m4a': mov('audio/mp4', 'm4a'),
  'audio/aac': { demuxer: 'aac', copy: { muxer: 'adts', ending: 'aac', type: 'audio/aac' } },
  'audio/ogg': { demuxer: 'ogg', copy: { muxer: 'ogg', ending: 'ogg', type: 'audio/ogg' } },
  'audio/wav': { demuxer: 'wav', copy: { muxer: 'wav', ending: 'wav', type: 'audio/wav' } },
  'audio/flac': { demuxer: 'flac', copy: { muxer: 'flac', ending: 'flac', type: 'audio/flac' } },
};

function mov(type: string, ending: string) {
  return { demuxer: 'mov', copy: { muxer: 'mp4', ending, type } };
}

export const WITHOUT_TAGS = ['-map_metadata', '-1', '-map_chapters', '-1'];

export interface Probed {
  demuxer: string;
  durationMs: number;
  /** As displayed: rotated, with square pixels. */
  video: { codec: string; width: number; height: number; fps: number } | null;
  audioCodec: string | null;
}

const ffprobeSays = z.object({
  format: z.object({ duration: z.coerce.number().optional() }),
  streams: z.array(
    z.object({
      codec_type: z.string().optional(),
      codec_name: z.string().default('unknown'),
      width: z.number().default(0),
      height: z.number().default(0),
      duration: z.coerce.number().optional(),
      sample_aspect_ratio: z.string().optional(),
      avg_frame_rate: z.string().optional(),
      disposition: z.object({ attached_pic: z.number().default(0) }).optional(),
      side_data_list: z.array(z.object({ rotation: z.number().optional() })).optional(),
    }),
  ),
});
type Stream = z.infer<typeof ffprobeSays>['streams'][number];

/** Reads the headers of videos and audios, and rejects absurd values. */
@Injectable()
export class Prober {
  constructor(private readonly ffmpeg: Ffmpeg) {}

  /** @throws FileRefused `unreadable_media`, `media_too_large`; RetryLater without ffmpeg */
  async probe({ input, signal, maxDurationSeconds }: ProcessingInput, contentType: string): Promise<Probed> {
    await this.ffmpeg.require();
    const { demuxer } = CONTAINERS[contentType]!;
    const { format, streams } = await this.headers(input, demuxer, signal);
    if (streams.length > MOST_STREAMS) throw rejected('media_too_large', 'There are too many streams in it.');
    const seconds = format.duration ?? Math.max(0, ...streams.map(({ duration }) => duration ?? 0));
    if (!Number.isFinite(seconds) || seconds < 0) throw unreadable();
    refuseLonger(seconds * 1000, maxDurationSeconds);
    const moving = streams.find((stream) => stream.codec_type === 'video' && !stream.disposition?.attached_pic);
    const sound = streams.find((stream) => stream.codec_type === 'audio');
    if (!moving && !sound) throw unreadable();
    return {
      demuxer,
      durationMs: Math.round(seconds * 1000),
      video: moving ? shown(moving) : null,
      audioCodec: sound?.codec_name ?? null,
    };
  }

  private async headers(input: string, demuxer: string, signal: AbortSignal) {
    const args = [...only(demuxer), '-show_format', '-show_streams', '-of', 'json', input];
    try {
      return ffprobeSays.parse(JSON.parse(await this.ffmpeg.probe(args, { signal })));
    } catch (error) {
      if (error instanceof ToolFailed || error instanceof z.ZodError || error instanceof SyntaxError)
        throw unreadable();
      throw error;
    }
  }
}

/** Turns a failure of ffmpeg to read the file into an outcome of the file; rethrows all other errors. */
export function refusing(error: unknown): never {
  if (error instanceof ToolFailed && !(error instanceof FileRefused)) throw unreadable();
  throw error;
}

/** @throws FileRefused `media_too_large` */
export function refuseLonger(durationMs: number, maxSeconds: number): void {
  if (durationMs > maxSeconds * 1000) throw rejected('media_too_large', `It may last ${maxSeconds} seconds.`);
}

export const unreadable = () => rejected('unreadable_media', 'The video or audio cannot be decoded.');

function shown(stream: Stream): NonNullable<Probed['video']> {
  const { codec_name, width, height, sample_aspect_ratio, avg_frame_rate, side_data_list = [] } = stream;
  if (!(width > 0 && height > 0)) throw unreadable();
  if (width * height > MOST_PIXELS) throw rejected('media_too_large', 'Its pictures have too many pixels.');
  const [across = 1, down = 1] = (sample_aspect_ratio ?? '1:1').split(':').map(Number);
  // A real video has no pixels ten times as wide as high.
  const aspect = across > 0 && down > 0 && across / down < 10 && down / across < 10 ? across / down : 1;
  const [frames = 0, seconds = 1] = (avg_frame_rate ?? '').split('/').map(Number);
  const fps = seconds > 0 ? frames / seconds : 0;
  const turn = Math.abs(side_data_list.find(({ rotation }) => rotation !== undefined)?.rotation ?? 0);
  const size = { width: Math.round(width * aspect), height };
  return turn % 180 === 90
    ? { codec: codec_name, width: size.height, height: size.width, fps }
    : { codec: codec_name, ...size, fps };
}
