import { spawn } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { failed } from '../outcomes';

const NICENESS = 15;
const ERRORS_KEPT = 4_000;

/** A run that failed; `errors` is the end of its error output. */
export class ToolFailed extends Error {
  override readonly name = 'ToolFailed';

  constructor(
    readonly tool: string,
    readonly errors: string,
  ) {
    super(`${tool}: ${errors.trim().split('\n').at(-1) ?? ''}`);
  }
}

export interface Limits {
  /** Limit of the address space. */
  memoryBytes: number;
  /** Limit of each file it writes. */
  largestOutputBytes: number;
  timeoutMs: number;
}

export interface Run {
  signal: AbortSignal;
  /** Called with every chunk of standard output. */
  onOutput?: (chunk: Buffer) => void;
}

/**
 * Runs a system tool on an untrusted file: niced, with resource limits, without our environment (no proxies, no credentials), and
 * killed when this process ends for any reason.
 * @param folders where to find the tool and the programs that limit it, like PATH
 * @throws ToolFailed, FileRefused `took_too_long`, `output_too_large`, or the signal's reason
 */
export async function runLimited(
  { folders, tool, args }: { folders: string; tool: string; args: string[] },
  { memoryBytes, largestOutputBytes, timeoutMs }: Limits,
  { signal, onOutput }: Run,
): Promise<void> {
  signal.throwIfAborted();
  const limits = [`--as=${memoryBytes}`, `--fsize=${largestOutputBytes}`, '--core=0'];
  const command = ['--pdeathsig', 'KILL', 'prlimit', ...limits, 'nice', '-n', String(NICENESS), tool, ...args];
  const child = spawn('setpriv', command, { env: { PATH: folders }, stdio: ['ignore', 'pipe', 'pipe'] });
  const tooLong = AbortSignal.timeout(timeoutMs);
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
    // Not killed by us: the machine was short of memory.
    if (code === 'SIGKILL') throw new Error(`${tool} was killed`);
    if (code !== 0) throw new ToolFailed(tool, errors);
  } finally {
    end.removeEventListener('abort', kill);
  }
}

/** Whether the folders contain the tools, and the programs that limit them. */
export async function canRun(folders: string, tools: string[]): Promise<boolean> {
  const needed = [...tools, 'setpriv', 'prlimit', 'nice'];
  return (await Promise.all(needed.map((tool) => isIn(folders, tool)))).every(Boolean);
}

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
