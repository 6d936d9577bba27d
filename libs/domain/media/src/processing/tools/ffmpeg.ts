import { Injectable } from '@nestjs/common';
import { spawn } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { InjectConfig, type ConfigOf } from '#caas/platform/config';
import { failed, NotNow } from '../outcomes';
import { processingConfig } from '../processing.config';

const MEMORY_BYTES = 3 * 1024 ** 3;
const LARGEST_OUTPUT_BYTES = 8 * 1024 ** 3;
export const NICENESS = 15;
const ERRORS_KEPT = 4_000;

/** How a run ended otherwise than well; `errors` is the end of what it said. */
export class ToolFailed extends Error {
  override readonly name = 'ToolFailed';

  constructor(
    readonly tool: string,
    readonly errors: string,
  ) {
    super(`${tool}: ${errors.trim().split('\n').at(-1) ?? ''}`);
  }
}

export interface Run {
  signal: AbortSignal;
  /** Called with every piece of standard output. */
  onOutput?: (chunk: Buffer) => void;
}

type Used = 'FFMPEG_PATH' | 'FFMPEG_THREADS' | 'FFMPEG_TIMEOUT';

/**
 * ffmpeg and ffprobe of the system, each run with its nice value, its share of memory and time and the size of its output
 * limited, and ended with this process, however that ends.
 */
@Injectable()
export class Ffmpeg {
  constructor(@InjectConfig(processingConfig) private readonly config: Pick<ConfigOf<typeof processingConfig>, Used>) {}

  /** @throws NotNow: the file waits for somebody to install it */
  async require(): Promise<void> {
    if (!(await this.isThere())) throw new NotNow('ffmpeg is not installed');
  }

  /** @returns standard output */
  async probe(args: string[], run: Run): Promise<string> {
    const chunks: Buffer[] = [];
    await this.run('ffprobe', ['-v', 'error', ...args], { ...run, onOutput: (chunk) => chunks.push(chunk) });
    return Buffer.concat(chunks).toString();
  }

  /** Reads one input, with its demuxer named, and files alone: nothing in it can have another format or address opened. */
  convert(input: { path: string; demuxer: string; before?: string[] }, output: string[], run: Run): Promise<void> {
    const threads = String(this.config.FFMPEG_THREADS);
    const reading = [...(input.before ?? []), '-threads', threads, ...only(input.demuxer), '-i', input.path];
    return this.run(
      'ffmpeg',
      ['-nostdin', '-hide_banner', '-v', 'error', '-y', ...reading, '-threads', threads, ...output],
      run,
    );
  }

  /** @throws ToolFailed, FileRefused `took_too_long`, or the signal's reason */
  private async run(tool: 'ffmpeg' | 'ffprobe', args: string[], { signal, onOutput }: Run): Promise<void> {
    signal.throwIfAborted();
    const limits = [`--as=${MEMORY_BYTES}`, `--fsize=${LARGEST_OUTPUT_BYTES}`, '--core=0'];
    const command = ['--pdeathsig', 'KILL', 'prlimit', ...limits, 'nice', '-n', String(NICENESS), tool, ...args];
    // Nothing of our own environment: no proxies, no credentials.
    const child = spawn('setpriv', command, {
      env: { PATH: this.config.FFMPEG_PATH },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const tooLong = AbortSignal.timeout(this.config.FFMPEG_TIMEOUT);
    const end = AbortSignal.any([signal, tooLong]);
    const kill = () => child.kill('SIGKILL');
    end.addEventListener('abort', kill);
    let errors = '';
    child.stdout.on('data', (chunk: Buffer) => onOutput?.(chunk));
    child.stderr.on('data', (chunk: Buffer) => (errors = (errors + chunk.toString()).slice(-ERRORS_KEPT)));
    try {
      const code = await new Promise<number | NodeJS.Signals>((resolve, reject) => {
        child.once('error', reject);
        child.once('close', (exitCode, by) => resolve(by ?? exitCode ?? 1));
      });
      signal.throwIfAborted();
      if (tooLong.aborted) throw failed('took_too_long', 'Working the file up takes too long.');
      if (code === 'SIGXFSZ') throw failed('output_too_large', 'What is made of the file is too large.');
      // Not ours: the machine was short of memory.
      if (code === 'SIGKILL') throw new Error(`${tool} was killed`);
      if (code !== 0) throw new ToolFailed(tool, errors);
    } finally {
      end.removeEventListener('abort', kill);
    }
  }

  async isThere(): Promise<boolean> {
    const tools = ['ffmpeg', 'ffprobe', 'setpriv', 'prlimit', 'nice'];
    return (await Promise.all(tools.map((tool) => isIn(this.config.FFMPEG_PATH, tool)))).every(Boolean);
  }
}

export const only = (demuxer: string) => ['-protocol_whitelist', 'file', '-f', demuxer];

async function isIn(folders: string, command: string): Promise<boolean> {
  for (const folder of folders.split(delimiter)) {
    const found = await access(join(folder, command), constants.X_OK).then(
      () => true,
      () => false,
    );
    if (found) return true;
  }
  return false;
}
