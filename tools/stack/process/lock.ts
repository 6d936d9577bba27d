import { spawn } from 'node:child_process';

export interface FileLock {
  release(): Promise<void>;
}

/**
 * An exclusive lock on a file, held by flock(1) for as long as this process lives: the helper ends when its input closes,
 * which the kernel sees to even after `kill -9`. So there is no such thing as a stale lock.
 *
 * Answers undefined if another process still holds it after `waitMs`.
 */
export async function lockFile(path: string, waitMs: number): Promise<FileLock | undefined> {
  const helper = spawn(
    'flock',
    ['--exclusive', '--timeout', String(waitMs / 1000), path, 'sh', '-c', 'echo held; exec cat >/dev/null'],
    {
      stdio: ['pipe', 'pipe', 'ignore'],
      detached: true,
    },
  );
  const ended = new Promise<void>((resolve) => helper.once('close', () => resolve()));
  const held = new Promise<boolean>((resolve, reject) => {
    helper.stdout.once('data', () => resolve(true));
    helper.once('close', () => resolve(false));
    helper.once('error', (error) =>
      reject(new Error(`flock (util-linux) is needed to lock ${path}: ${error.message}`)),
    );
  });
  if (!(await held)) return undefined;
  // The lock must not keep an otherwise finished process alive, nor break it if the helper goes first.
  helper.stdin.on('error', () => undefined);
  helper.unref();
  const release = async () => {
    helper.ref();
    helper.stdin.end();
    await ended;
  };
  return { release };
}
