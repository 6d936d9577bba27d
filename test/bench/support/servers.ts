import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { freePort, waitFor } from '../../../tools/stack';
import { repositoryRoot } from '../../../tools/stack/repository';

const READY_MS = 60_000;
const STOP_MS = 10_000;

export interface Server {
  url: string;
  pid: number;
  stop(): Promise<void>;
}

/**
 * Starts a compiled server on a port of its own, told by `PORT`, and resolves when it answers.
 *
 * @param options of Node itself, `--cpu-prof` for one
 */
export async function startServer(entry: string, env: NodeJS.ProcessEnv, options: string[] = []): Promise<Server> {
  const port = await freePort();
  const child = spawn(process.execPath, [...options, join(repositoryRoot(), 'dist', entry)], {
    env: { ...process.env, ...env, PORT: String(port) },
    // Logs are written as in earnest, and go nowhere.
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const url = `http://127.0.0.1:${port}`;
  await waitFor(`${entry} to answer`, READY_MS, async () => {
    if (child.exitCode !== null) throw new Error(`${entry} ended with ${child.exitCode}`);
    return fetch(`${url}/health/ready`).then(
      ({ ok }) => ok,
      () => false,
    );
  });
  return { url, pid: child.pid!, stop: () => stop(child) };
}

/** Starts a compiled worker, which listens at no port; resolves when it says that it works. */
export async function startWorker(env: NodeJS.ProcessEnv): Promise<Pick<Server, 'pid' | 'stop'>> {
  const child = spawn(process.execPath, [join(repositoryRoot(), 'dist/apps/worker/src/main.js')], {
    env: { ...process.env, ...env, LOG_LEVEL: 'info' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let works = false;
  child.stdout.setEncoding('utf8').on('data', (text: string) => (works ||= text.includes('"working"')));
  await waitFor('the worker to work', READY_MS, () => {
    if (child.exitCode !== null) throw new Error(`the worker ended with ${child.exitCode}`);
    return Promise.resolve(works);
  });
  return { pid: child.pid!, stop: () => stop(child) };
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
  await ended;
  clearTimeout(timer);
}
