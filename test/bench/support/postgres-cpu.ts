import { readFileSync } from 'node:fs';
import type { Account } from './account';
import { processesUnder, secondsOf } from './cpu';

const TITLE = /^postgres: (.+)$/;
/** The title of a client's backend names its database and address: `postgres: user database 127.0.0.1(40022) idle`. */
const OF_A_CLIENT = /\(\d+\)|\[local\]/;

/** Backends end, too, while something is measured: what they had used is their parent's from then on. */
const BACKENDS = 'backends and processes that ended';

/**
 * CPU seconds of a PostgreSQL server by kind of process. Backends serve clients; `walwriter`, `checkpointer` and the others are
 * PostgreSQL's own names.
 */
export function cpuOfPostgres(postmaster: number): Account {
  const used: Record<string, number> = {};
  for (const process of processesUnder(postmaster)) {
    const kind = kindOfPostgres(titleOf(process.pid)) ?? BACKENDS;
    used[kind] = (used[kind] ?? 0) + secondsOf(process);
  }
  return used;
}

/** @returns null for what is no child of a PostgreSQL server */
export function kindOfPostgres(title: string): string | null {
  const [, words] = TITLE.exec(title.trim()) ?? [];
  if (words === undefined) return null;
  return OF_A_CLIENT.test(words) ? BACKENDS : words.replace(/ \d+$/, '');
}

function titleOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return '';
  }
}
