import { Injectable } from '@nestjs/common';
import { join } from 'node:path';
import { NOTHING_KNOWN, variant, type ProcessedMedia } from '../processed-media';
import { Ffmpeg } from '../tools/ffmpeg';
import type { ProcessingInput } from '../processing-input';
import { CONTAINERS, refusing, unreadable, WITHOUT_TAGS, type Probed } from './probe';
import { Peaks } from './peaks';

const SAMPLES_PER_SECOND = 8_000;

/** Types of containers that were detected as video but hold only audio. */
const AS_AUDIO: Record<string, string> = {
  'video/webm': 'audio/webm',
  'video/matroska': 'audio/matroska',
  'audio/x-m4a': 'audio/mp4',
};

/** Copies the audio without its tags and covers, and computes its waveform. */
@Injectable()
export class Audios {
  constructor(private readonly ffmpeg: Ffmpeg) {}

  /** @throws FileRefused `unreadable_media`, `took_too_long` */
  async make(
    { input, output, signal, progress }: ProcessingInput,
    contentType: string,
    { demuxer }: Probed,
  ): Promise<ProcessedMedia> {
    const { copy } = CONTAINERS[contentType]!;
    if (!copy) throw unreadable();
    const peaks = new Peaks(SAMPLES_PER_SECOND);
    const samples = ['-map', '0:a:0', '-ac', '1', '-ar', String(SAMPLES_PER_SECOND), '-f', 's16le', 'pipe:1'];
    const reading = { path: input, demuxer };
    await this.ffmpeg.convert(reading, samples, { signal, onOutput: (chunk) => peaks.add(chunk) }).catch(refusing);
    if (peaks.durationMs === 0) throw unreadable();
    progress(50);
    const ending = contentType === 'video/mp4' ? 'm4a' : copy.ending;
    const path = join(output, `original.${ending}`);
    const untagged = copy.muxer === 'mp3' ? ['-id3v2_version', '0', '-write_id3v1', '0'] : [];
    const copied = ['-map', '0:a:0', '-c', 'copy', ...WITHOUT_TAGS, ...untagged, '-f', copy.muxer, path];
    await this.ffmpeg.convert(reading, copied, { signal }).catch(refusing);
    const content_type = AS_AUDIO[contentType] ?? contentType.replace('video/', 'audio/');
    const original = variant(
      'original',
      `original.${ending}`,
      copy.type.replace('video/', 'audio/'),
      { path },
      { duration_ms: peaks.durationMs },
    );
    const known = { ...NOTHING_KNOWN, duration_ms: peaks.durationMs, waveform: peaks.waveform() };
    return { ...known, kind: 'audio', content_type, variants: [original] };
  }
}
