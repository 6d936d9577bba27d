import { Injectable } from '@nestjs/common';
import { InjectConfig, type ConfigOf } from '#caas/platform/config';
import { RetryLater } from '../outcomes';
import { processingConfig } from '../processing.config';
import { canRun, runLimited, type Run } from './limited-run';

const MEMORY_BYTES = 3 * 1024 ** 3;
const LARGEST_OUTPUT_BYTES = 8 * 1024 ** 3;

type Used = 'FFMPEG_PATH' | 'FFMPEG_THREADS' | 'FFMPEG_TIMEOUT';

/** The system's ffmpeg and ffprobe, each run with resource limits. */
@Injectable()
export class Ffmpeg {
  constructor(@InjectConfig(processingConfig) private readonly config: Pick<ConfigOf<typeof processingConfig>, Used>) {}

  /** @throws RetryLater when ffmpeg is not installed: the file waits for it */
  async require(): Promise<void> {
    if (!(await this.isThere())) throw new RetryLater('ffmpeg is not installed');
  }

  /** @returns standard output */
  async probe(args: string[], run: Run): Promise<string> {
    const chunks: Buffer[] = [];
    await this.run('ffprobe', ['-v', 'error', ...args], { ...run, onOutput: (chunk) => chunks.push(chunk) });
    return Buffer.concat(chunks).toString();
  }

  /**
   * Reads one input, from local files only and with a fixed demuxer, so that the input cannot make ffmpeg open another format or
   * address.
   */
  convert(input: { path: string; demuxer: string; before?: string[] }, output: string[], run: Run): Promise<void> {
    const threads = String(this.config.FFMPEG_THREADS);
    const reading = [...(input.before ?? []), '-threads', threads, ...only(input.demuxer), '-i', input.path];
    return this.run(
      'ffmpeg',
      ['-nostdin', '-hide_banner', '-v', 'error', '-y', ...reading, '-threads', threads, ...output],
      run,
    );
  }

  isThere(): Promise<boolean> {
    return canRun(this.config.FFMPEG_PATH, ['ffmpeg', 'ffprobe']);
  }

  /** @throws ToolFailed, FileRefused `took_too_long`, `output_too_large`, or the signal's reason */
  private run(tool: 'ffmpeg' | 'ffprobe', args: string[], run: Run): Promise<void> {
    const { FFMPEG_PATH: folders, FFMPEG_TIMEOUT: timeoutMs } = this.config;
    const limits = { memoryBytes: MEMORY_BYTES, largestOutputBytes: LARGEST_OUTPUT_BYTES, timeoutMs };
    return runLimited({ folders, tool, args }, limits, run);
  }
}

export const only = (demuxer: string) => ['-protocol_whitelist', 'file', '-f', demuxer];
