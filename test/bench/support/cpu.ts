import { readdirSync, readFileSync } from 'node:fs';
import { sum, type Account } from './account';

const TICKS_PER_SECOND = 100;

/** Main processes by what they do: `{ api: 12, gateway: 13, postgres: 14, redis: 15 }`. */
export type Roles = Record<string, number>;

/** CPU seconds, user and system, that processes with all their children have used since they began. Linux only. */
export function cpuSeconds(pids: number[]): number {
  return sum(cpuByRole(Object.fromEntries(pids.map((pid) => [String(pid), pid]))));
}

/**
 * The same, by role. A process counts for the nearest of its ancestors that has a role, so one role may stand for the parent of
 * another. A child that has ended counts for its parent.
 */
export function cpuByRole(roles: Roles): Account {
  const processes = allProcesses();
  const roleOf = new Map(Object.entries(roles).map(([role, pid]) => [pid, role]));
  const used = Object.fromEntries(Object.keys(roles).map((role) => [role, 0]));
  for (const process of processes.values()) {
    const nearest = nearestAmong(roleOf, process, processes);
    if (nearest !== undefined) used[roleOf.get(nearest)!]! += secondsOf(process);
  }
  return used;
}

/** A process and all that descend from it. */
export function processesUnder(pid: number): ProcessStat[] {
  const processes = allProcesses();
  const root = new Set([pid]);
  return [...processes.values()].filter((process) => nearestAmong(root, process, processes) !== undefined);
}

/** CPU seconds of a process and of those of its children that have ended. */
export const secondsOf = ({ ownTicks, endedChildrenTicks }: ProcessStat): number =>
  (ownTicks + endedChildrenTicks) / TICKS_PER_SECOND;

/** CPU seconds of a process's first thread alone: of a Node process the one that runs JavaScript. */
export function mainThreadCpuSeconds(pid: number): number {
  return (statOf(`/proc/${pid}/task/${pid}/stat`)?.ownTicks ?? 0) / TICKS_PER_SECOND;
}

/** CPU seconds that all processors of the machine were busy since it began, whoever kept them so. See proc(5), stat. */
export function machineCpuSeconds(): number {
  const [first] = readFileSync('/proc/stat', 'utf8').split('\n');
  const [user, nice, system, _idle, _waiting, irq, softIrq] = first!.split(/\s+/).slice(1).map(Number);
  return (user! + nice! + system! + irq! + softIrq!) / TICKS_PER_SECOND;
}

export interface ProcessStat {
  pid: number;
  parent: number;
  ownTicks: number;
  endedChildrenTicks: number;
}

function nearestAmong(
  pids: { has(pid: number): boolean },
  process: ProcessStat,
  processes: Map<number, ProcessStat>,
): number | undefined {
  let at: ProcessStat | undefined = process;
  while (at && !pids.has(at.pid)) at = processes.get(at.parent);
  return at?.pid;
}

function allProcesses(): Map<number, ProcessStat> {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return new Map(pids.flatMap((pid) => statOf(`/proc/${pid}/stat`) ?? []).map((process) => [process.pid, process]));
}

/** Undefined when the process is gone. See proc(5). */
function statOf(path: string): ProcessStat | undefined {
  try {
    const stat = readFileSync(path, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const [user, system, childrenUser, childrenSystem] = fields.slice(11, 15).map(Number);
    return {
      pid: Number.parseInt(stat, 10),
      parent: Number(fields[1]),
      ownTicks: user! + system!,
      endedChildrenTicks: childrenUser! + childrenSystem!,
    };
  } catch {
    return undefined;
  }
}
