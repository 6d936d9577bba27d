import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { identify, isRunning, type ProcessIdentity } from './identity';
import type { Waiting } from './waiting';
import { waitFor } from './wait';

export interface LedgerEntry extends ProcessIdentity {
  role: string;
  /** What asks this kind of process to end cleanly. */
  stopSignal: NodeJS.Signals;
}

const DATABASES = ['postgres', 'mongod'];
/** Killed after that all the same, and recovered from its journal. */
const DATABASE_GRACE_MS = 5 * 60_000;
const PROGRESS_EVERY_MS = 3_000;

/**
 * Who runs on a data folder, in `DATA_DIR/processes.json`. Written before a child is waited for and taken back when it has
 * ended, so whatever a supervisor killed with -9 leaves behind stands here for the next one to end.
 */
export class ProcessLedger {
  private readonly file: string;
  private entries: LedgerEntry[] = [];

  constructor(dataDir: string) {
    this.file = join(dataDir, 'processes.json');
  }

  add(role: string, pid: number, stopSignal: NodeJS.Signals): void {
    const identity = identify(pid) ?? { pid, startedAt: '' };
    this.entries.push({ role, ...identity, stopSignal });
    this.write();
  }

  remove(pid: number): void {
    this.entries = this.entries.filter((entry) => entry.pid !== pid);
    this.write();
  }

  /**
   * Ends what an earlier supervisor left running: politely, then by force. Databases may take as long as they write their data.
   * @param graceMs for everything else
   * @returns the roles it ended
   * @throws the reason of `signal` when the start is given up meanwhile
   */
  async endLeftovers({ progress, signal, hurry }: Waiting = {}, graceMs = 8000): Promise<string[]> {
    const leftovers = this.read().filter((entry) => isRunning(entry) && entry.pid !== process.pid);
    // In order of age: apps were started last and must let go of the engines first.
    for (const entry of leftovers.reverse()) {
      const isDatabase = DATABASES.includes(entry.role);
      const timer = setInterval(
        () => progress?.(`waiting for ${entry.role} of an earlier start to end`),
        PROGRESS_EVERY_MS,
      );
      const limits = { graceMs: isDatabase ? DATABASE_GRACE_MS : graceMs, signal, hurry };
      await end(entry, limits).finally(() => clearInterval(timer));
    }
    this.write();
    return leftovers.map((entry) => entry.role);
  }

  private read(): LedgerEntry[] {
    try {
      return JSON.parse(readFileSync(this.file, 'utf8')) as LedgerEntry[];
    } catch {
      return [];
    }
  }

  private write(): void {
    mkdirSync(join(this.file, '..'), { recursive: true, mode: 0o700 });
    writeFileSync(`${this.file}.new`, `${JSON.stringify(this.entries, null, 2)}\n`, { mode: 0o600 });
    renameSync(`${this.file}.new`, this.file);
  }
}

async function end(
  entry: LedgerEntry,
  { graceMs, signal, hurry }: Omit<Waiting, 'progress'> & { graceMs: number },
): Promise<void> {
  const gone = () => !isRunning(entry);
  kill(entry.pid, entry.stopSignal);
  try {
    await waitFor(`${entry.role} (pid ${entry.pid}) to end`, graceMs, () => {
      hurry?.throwIfAborted();
      signal?.throwIfAborted();
      return gone();
    });
  } catch {
    // Given up, it goes on ending by itself.
    if (signal?.aborted && !hurry?.aborted) signal.throwIfAborted();
    kill(entry.pid, 'SIGKILL');
    await waitFor(`${entry.role} (pid ${entry.pid}) to end after SIGKILL`, 5000, gone);
  }
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // Gone in between, which is what was wanted.
  }
}
