import { readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

const LOOK_EVERY_MS = 250;
const STILL_FOR_LOOKS = 8;
const STILL_KB = 1_024;
const DEADLINE_MS = 30_000;
/** Resets the peak; see proc(5), clear_refs. */
const RESET_PEAK = '5';

/** How much of a process lies in memory, and the most that ever did since `begin`. Linux only, and as root. */
export class MemoryAccount {
  private constructor(
    private readonly pid: number,
    /** Megabytes, when it had nothing to do. */
    readonly idleMb: number,
  ) {}

  /** Once the process has come to rest. */
  static async begin(pid: number): Promise<MemoryAccount> {
    const deadline = Date.now() + DEADLINE_MS;
    let last = kilobytes(pid, 'VmRSS');
    for (let still = 0; still < STILL_FOR_LOOKS && Date.now() < deadline;) {
      await sleep(LOOK_EVERY_MS);
      const now = kilobytes(pid, 'VmRSS');
      still = Math.abs(now - last) < STILL_KB ? still + 1 : 0;
      last = now;
    }
    writeFileSync(`/proc/${pid}/clear_refs`, RESET_PEAK);
    return new MemoryAccount(pid, last / 1_024);
  }

  get peakMb(): number {
    return kilobytes(this.pid, 'VmHWM') / 1_024;
  }

  get aboveIdleMb(): number {
    return this.peakMb - this.idleMb;
  }
}

function kilobytes(pid: number, field: 'VmRSS' | 'VmHWM'): number {
  const [, value] = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(value);
}
