import { readdirSync, statSync } from 'node:fs';
import { waitFor } from './wait';

const GONE_WITHIN_MS = 60_000;

/**
 * Kills every process whose working directory is this folder, also of another mount namespace, and comes back when they are gone. For
 * what a killed server leaves at work: its children are in sessions of their own and learn of its end only when they look.
 * @throws Error when one is still there after a minute
 */
export async function endThoseWorkingIn(folder: string): Promise<void> {
  const place = inodeOf(folder);
  if (place === undefined) return;
  const remaining = () => processes().filter((pid) => inodeOf(`/proc/${pid}/cwd`) === place);
  for (const pid of remaining()) kill(pid);
  await waitFor(`what still works in ${folder} to end`, GONE_WITHIN_MS, () => remaining().length === 0);
}

const processes = (): number[] => readdirSync('/proc').map(Number).filter(Number.isInteger);

function inodeOf(path: string): string | undefined {
  try {
    const { dev, ino } = statSync(path);
    return `${dev}:${ino}`;
  } catch {
    return undefined;
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // Gone in between.
  }
}
