import { Injectable } from '@nestjs/common';
import { InjectConfig, type ConfigOf } from '#caas/platform/config';
import { processingConfig } from '../processing.config';
import { canRun, runLimited, type Run } from './limited-run';

const MEMORY_BYTES = 1024 ** 3;
const LARGEST_OUTPUT_BYTES = 64 * 1024 ** 2;
const LONGEST_MS = 30_000;
/** How much of pdfinfo's output is kept: only short lines follow the page count, but arbitrary text of the author precedes it. */
const SAID_KEPT = 4_000;

type Used = 'FFMPEG_PATH' | 'FFMPEG_TIMEOUT';

/** The system's pdfinfo and pdftoppm, each run with resource limits. They only render the file: they run no scripts and fetch nothing. */
@Injectable()
export class Poppler {
  constructor(@InjectConfig(processingConfig) private readonly config: Pick<ConfigOf<typeof processingConfig>, Used>) {}

  isThere(): Promise<boolean> {
    return canRun(this.config.FFMPEG_PATH, ['pdfinfo', 'pdftoppm']);
  }

  /** The page count that the document declares. @throws ToolFailed when it cannot be opened or has no pages; FileRefused `took_too_long` */
  async pages(input: string, signal: AbortSignal): Promise<number | null> {
    let said = '';
    const onOutput = (chunk: Buffer) => (said = (said + chunk.toString('latin1')).slice(-SAID_KEPT));
    await this.run('pdfinfo', [input], { signal, onOutput });
    const pages = [...said.matchAll(/^Pages: +(\d+)$/gm)].at(-1)?.[1];
    return pages === undefined ? null : Number(pages);
  }

  /**
   * Renders page 1, cropped as in viewers, into `<output>.png`.
   * @param side its longer side in pixels, whatever page size the document declares
   * @throws ToolFailed, FileRefused `took_too_long`, `output_too_large`
   */
  async firstPage(input: string, output: string, side: number, signal: AbortSignal): Promise<string> {
    const page = ['-q', '-f', '1', '-l', '1', '-singlefile', '-cropbox', '-scale-to', String(side)];
    await this.run('pdftoppm', [...page, '-png', input, output], { signal });
    return `${output}.png`;
  }

  private run(tool: 'pdfinfo' | 'pdftoppm', args: string[], run: Run): Promise<void> {
    const { FFMPEG_PATH: folders, FFMPEG_TIMEOUT } = this.config;
    const timeoutMs = Math.min(LONGEST_MS, FFMPEG_TIMEOUT);
    const limits = { memoryBytes: MEMORY_BYTES, largestOutputBytes: LARGEST_OUTPUT_BYTES, timeoutMs };
    return runLimited({ folders, tool, args }, limits, run);
  }
}
