import { spawn } from 'node:child_process';
import { onPath } from '../process/managed-process';
import { SetupError } from '../process/setup-error';
import type { Supervision } from '../process/supervision';

/** Everything this service takes from Debian: the command it needs, and the package that has it. The only such list. */
const SYSTEM_PACKAGES = {
  redis: { commands: ['redis-server', 'valkey-server'], package: 'redis-server' },
  mmdebstrap: { commands: ['mmdebstrap'], package: 'mmdebstrap' },
  mount: { commands: ['mount'], package: 'mount' },
  // What workers make videos with.
  ffmpeg: { commands: ['ffmpeg'], package: 'ffmpeg' },
  // What workers draw page 1 of PDFs with.
  poppler: { commands: ['pdftoppm'], package: 'poppler-utils' },
  // Only where the embedded engine is run by somebody who is not root.
  uidmap: { commands: ['newuidmap'], package: 'uidmap' },
  // What tests run the proxy's file of docker-compose.yml in.
  nginx: { commands: ['nginx'], package: 'nginx-light' },
} as const;

export type SystemTool = keyof typeof SYSTEM_PACKAGES;

/** The path of the tool's command. Throws a SetupError when it is not there: `ensureInstalled` comes first. */
export function commandOf(tool: SystemTool): string {
  const found = SYSTEM_PACKAGES[tool].commands.map(onPath).find(Boolean);
  if (!found) throw new SetupError(`${SYSTEM_PACKAGES[tool].package} is not installed`);
  return found;
}

/** Installs what is missing with apt when root, and otherwise throws a SetupError with the command to run. */
export async function ensureInstalled(
  tools: SystemTool[],
  { progress, signal }: Pick<Supervision, 'progress' | 'signal'>,
): Promise<void> {
  const missing = missingPackages(tools);
  if (missing.length === 0) return;
  const command = `apt-get update && apt-get install -y --no-install-recommends ${missing.join(' ')}`;
  const byHand = `Missing system packages: ${missing.join(', ')}. Run this, then start again:\n\n  sudo sh -c '${command}'\n`;
  if (process.getuid?.() !== 0 || !onPath('apt-get')) throw new SetupError(byHand);

  progress(`installing ${missing.join(', ')}`);
  const aptGet = (...args: string[]) =>
    run('apt-get', ['-q', '-o', 'DPkg::Lock::Timeout=300', ...args], {
      signal,
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    });
  // A mirror may be some days old, and somebody else's broken list must not stop ours: an update that fails is tried once
  // more without looking at the dates, and what counts is whether the install succeeds.
  const updated = await aptGet('update');
  if (updated.code !== 0)
    await aptGet('-o', 'Acquire::Check-Valid-Until=false', '-o', 'Acquire::Check-Date=false', 'update');
  const installed = await aptGet('install', '-y', '--no-install-recommends', ...missing);
  if (installed.code !== 0 || missingPackages(tools).length > 0) {
    throw new SetupError(`apt could not install ${missing.join(', ')}:\n${lastLines(installed.output)}\n\n${byHand}`);
  }
}

/** The same for what the system can do without: when it cannot be installed, that is said, and nothing more. */
export async function installIfPossible(
  tools: SystemTool[],
  without: string,
  supervision: Pick<Supervision, 'progress' | 'signal'>,
): Promise<void> {
  try {
    await ensureInstalled(tools, supervision);
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    supervision.progress(`${without}: ${error.message}`);
  }
}

function missingPackages(tools: SystemTool[]): string[] {
  return tools
    .filter((tool) => !SYSTEM_PACKAGES[tool].commands.some(onPath))
    .map((tool) => SYSTEM_PACKAGES[tool].package);
}

export function lastLines(output: string, lines = 15): string {
  return output.trimEnd().split('\n').slice(-lines).join('\n');
}

/** Runs a command to its end, with `input` to read; `output` is both streams as they came. A failing command does not throw, an aborted one does. */
export async function run(
  command: string,
  args: string[],
  { env = process.env, signal, input }: { env?: NodeJS.ProcessEnv; signal?: AbortSignal; input?: string } = {},
): Promise<{ code: number; output: string }> {
  signal?.throwIfAborted();
  const child = spawn(command, args, { env, stdio: ['pipe', 'pipe', 'pipe'], detached: true });
  child.stdin.on('error', () => undefined).end(input);
  // The whole group: apt and mmdebstrap have children of their own.
  const end = () => child.pid !== undefined && process.kill(-child.pid, 'SIGTERM');
  signal?.addEventListener('abort', end);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const code = await new Promise<number>((resolve) => {
    child.once('error', (error) => resolve(((output += error.message), 127)));
    child.once('close', (exitCode) => resolve(exitCode ?? 1));
  });
  signal?.removeEventListener('abort', end);
  signal?.throwIfAborted();
  return { code, output };
}
