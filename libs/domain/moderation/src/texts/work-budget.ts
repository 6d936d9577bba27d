import { setImmediate as nextTurn } from 'node:timers/promises';

interface WorkLimits {
  /** CPU time of one run, which nothing interrupts. */
  runMs: number;
  /** CPU time of all runs together. */
  totalMs: number;
}

const LIMITS: WorkLimits = { runMs: 30, totalMs: 120 };
const TURN_MS = 10;

/** How much computing one message may cause. Others get their turn between its runs. */
export class WorkBudget {
  private turnBegan = performance.now();
  private leftMs: number;

  constructor(private readonly limits: WorkLimits = LIMITS) {
    this.leftMs = limits.totalMs;
  }

  /** What `run` returns; null when it takes more time than there is. It calls `look` now and then, which ends it. */
  run<T>(run: (look: () => void) => T): T | null {
    const limitMs = Math.min(this.limits.runMs, this.leftMs);
    // Most runs are over before they look once, and cost no look at the clock.
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

  /** To be awaited between runs. */
  async pause(): Promise<void> {
    if (performance.now() - this.turnBegan < TURN_MS) return;
    await nextTurn();
    this.turnBegan = performance.now();
  }
}

class OutOfTime extends Error {}

/** Of this thread: on a busy machine a text is no costlier. */
function cpuMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}
