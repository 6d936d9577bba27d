import { readFileSync } from 'node:fs';

/**
 * Which process a pid meant. Pids are used again, so a pid alone may name a stranger by the time one looks; together with the
 * boot and the start time it cannot.
 */
export interface ProcessIdentity {
  pid: number;
  /** `<boot id>:<clock ticks since boot>`, or empty where there is no /proc: such a process is never ended by its record. */
  startedAt: string;
}

/** The identity of a running process, or undefined if there is none under that pid (a zombie counts as none). */
export function identify(pid: number): ProcessIdentity | undefined {
  try {
    const fields = statFields(pid);
    if (fields.state === 'Z' || fields.state === 'X') return undefined;
    const bootId = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return { pid, startedAt: `${bootId}:${fields.startTicks}` };
  } catch {
    return undefined;
  }
}

/** True while exactly that process runs. */
export function isRunning(identity: ProcessIdentity): boolean {
  return identity.startedAt !== '' && identify(identity.pid)?.startedAt === identity.startedAt;
}

/** proc_pid_stat(5): the name in parentheses may hold spaces and parentheses itself, so fields are counted from the last one. */
function statFields(pid: number): { state: string; startTicks: string } {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return { state: fields[0] ?? 'X', startTicks: fields[19] ?? '' };
}
