import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { repositoryRoot } from '../stack/repository';
import type { JestResult } from './report';

/** NestJS is ESM only: without this flag jest cannot load it from CommonJS. */
const NODE_OPTIONS = '--experimental-vm-modules --disable-warning=ExperimentalWarning';

/** How long jest may take to end after its last test. */
const LINGER_MS = 3_000;

/** The files, as absolute paths, that jest would run with these arguments. */
export async function listTests(args: string[], signal: AbortSignal): Promise<string[]> {
  const { output } = await jest(['--listTests', '--json', '--passWithNoTests', ...args], {}, signal, 'pipe');
  const json = output.split('\n').find((line) => line.startsWith('['));
  if (json === undefined) throw new Error(`jest could not list the tests:\n${output}`);
  return JSON.parse(json) as string[];
}

/** When a run's words come to the terminal; of two runs side by side, one waits, so that they do not mix. */
export type Shown = 'at once' | 'at the end';

/** Runs jest and gives its result, or undefined if it ended without one. */
export async function runTests(
  args: string[],
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
  shown: Shown,
): Promise<JestResult | undefined> {
  const folder = await mkdtemp(join(tmpdir(), 'caas-jest-'));
  const file = join(folder, 'result.json');
  const finished = new AbortController();
  try {
    const run = jest(
      ['--json', `--outputFile=${file}`, '--ci', ...args],
      env,
      AbortSignal.any([signal, finished.signal]),
      shown === 'at once' ? 'inherit' : 'pipe',
    );
    // The result is written when the last test is over. A process that stays on after that has left something open.
    const lingering = setInterval(
      () => existsSync(file) && setTimeout(() => finished.abort(), LINGER_MS).unref(),
      1000,
    );
    const { output } = await run.finally(() => clearInterval(lingering));
    process.stdout.write(output);
    return JSON.parse(await readFile(file, 'utf8')) as JestResult;
  } catch {
    return undefined;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** In a group of its own, so that a Ctrl-C comes to us alone, and its workers end with it when we say so. */
function jest(
  args: string[],
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
  stdio: 'pipe' | 'inherit',
): Promise<{ output: string }> {
  const root = repositoryRoot();
  const binary = join(root, 'node_modules', 'jest', 'bin', 'jest.js');
  const child = spawn(process.execPath, [binary, ...args], {
    cwd: root,
    env: { ...process.env, NODE_OPTIONS, ...env },
    stdio: ['ignore', stdio === 'pipe' ? 'pipe' : 'ignore', stdio],
    detached: true,
  });
  const end = () => child.pid !== undefined && process.kill(-child.pid, 'SIGKILL');
  signal.addEventListener('abort', end);
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', () => {
      signal.removeEventListener('abort', end);
      resolve({ output });
    });
  });
}
