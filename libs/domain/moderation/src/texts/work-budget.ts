import { setImmediate as nextTurn } from 'node:timers/promises';

interface WorkLimits {
  /** CPU time of one run, which nothing preempts. */
  runMs: number;
  /** CPU time of all runs together. */
  totalMs: number;
}

const LIMITS: WorkLimits = { runMs: 30, totalMs: 120 };
const TURN_MS = 10;

/** Bounds the CPU time that one message may use. Other requests can run between its runs. */
export class WorkBudget {
  private turnBegan = performance.now();
  private leftMs: number;

  constructor(private readonly limits: WorkLimits = LIMITS) {
    this.leftMs = limits.totalMs;
  }

  /** Returns what `run` returns; null when it takes more time than is left. `run` must call `look` now and then, which stops it. */
  run<T>(run: (look: () => void) => T): T | null {
    const limitMs = Math.min(this.limits.runMs, this.leftMs);
    // Most runs end before their first `look`, and never read the clock.
    let began: number | null = null;
    const look = () => {
      began ??= cpuMs();
      if (cpuMs() - began > limitMs) throw new OutOfTime();
    };
    try {
      return run(look);
    } catch (error) {
      if (error instanceof OutOfTime) return null;
      throw error;
    } finally {
      if (began !== null) this.leftMs -= cpuMs() - began;
    }
  }

  /** Await it between runs. */
  async pause(): Promise<void> {
    if (performance.now() - this.turnBegan < TURN_MS) return;
    await nextTurn();
    this.turnBegan = performance.now();
  }
}

class OutOfTime extends Error {}

/** CPU time of this thread, so that a text costs no more on a busy machine. */
function cpuMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}
