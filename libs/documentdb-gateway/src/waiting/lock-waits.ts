import { MongoError } from '../errors/mongo-error';
import { isCatalogRace, isConflict } from '../errors/postgres-errors';
import type { Interrupt } from './interrupt';
import { Semaphore } from './semaphore';

/**
 * How long a command waits in all, where the client set no limit: longer than a transaction may be open, so that whoever has the
 * lock is over before.
 */
const LONGEST_MS = 90_000;
/** Pauses between attempts grow to this while nobody here says that a lock is free: another gateway may have it. */
const LONGEST_PAUSE_MS = 100;
/** How long an attempt waits on its session for a lock, the later the longer, so that many short waits in one statement succeed. */
const LOCK_WAITS_MS = [undefined, 10, 20, 40, 80];
/** Two that change the catalogue meet once or twice; an error that says so each time is another's. */
const MOST_CATALOG_RACES = 10;

/** @param lockWaitMs how long the attempt may wait for a lock; undefined as long as statements usually do */
export type Attempt<T> = (lockWaitMs?: number) => Promise<T>;

/** Commands that wait for the same thing: the first of them tries. */
type Line = Set<() => void>;

/**
 * Commands outside transactions that met another's lock. They wait here and not on a session of PostgreSQL, so that nobody else
 * waits with them: in turn among those that want the same, with a bound, and until their client is gone. Only a few of them try at
 * a time. A line is no `KeyedMutex`: a command enters it only after it met a lock, and may leave it before its turn.
 */
export class LockWaits {
  private readonly lines = new Map<string, Line>();
  private readonly pausing = new Set<() => void>();
  private readonly attempts: Semaphore;

  /** @param atOnce of how many lines the first may try at a time */
  constructor(atOnce: number) {
    this.attempts = new Semaphore(atOnce);
  }

  get waiting(): number {
    return [...this.lines.values()].reduce((sum, line) => sum + line.size, 0);
  }

  /**
   * Runs `attempt` until it meets no other writer.
   * @param keyOf what it wants: commands of equal keys go one after the other once one of them has to wait
   * @throws the interrupt's error; MongoError LockTimeout after 90 s; whatever else `attempt` throws
   */
  async run<T>(keyOf: () => string, interrupt: Interrupt, attempt: Attempt<T>): Promise<T> {
    if (this.lines.size === 0 || !this.lines.has(keyOf())) {
      try {
        return await attempt();
      } catch (error) {
        if (!isConflict(error)) throw error;
      }
    }
    const key = keyOf();
    const leave = await this.enter(key, interrupt);
    try {
      return await this.persist(interrupt, attempt);
    } finally {
      leave();
    }
  }

  /** Somebody's locks are free: a transaction has ended. Who waits tries at once. */
  released(): void {
    for (const wake of [...this.pausing]) wake();
  }

  private async persist<T>(interrupt: Interrupt, attempt: Attempt<T>): Promise<T> {
    const until = Date.now() + LONGEST_MS;
    let catalogRaces = 0;
    for (let attempts = 0, pauseMs = 1; ; attempts += 1, pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
      await this.attempts.acquire(interrupt);
      try {
        return await attempt(LOCK_WAITS_MS[Math.min(attempts, LOCK_WAITS_MS.length - 1)]);
      } catch (error) {
        if (!isConflict(error)) throw error;
        if (isCatalogRace(error) && (catalogRaces += 1) === MOST_CATALOG_RACES) throw error;
        if (Date.now() > until) throw MongoError.of('LockTimeout', 'another writer kept its lock for too long');
      } finally {
        this.attempts.release();
      }
      await this.pause(pauseMs * (1 + Math.random()), interrupt);
    }
  }

  /** Waits until all who came before have left. @returns what leaves */
  private async enter(key: string, interrupt: Interrupt): Promise<() => void> {
    let line = this.lines.get(key);
    if (!line) this.lines.set(key, (line = new Set()));
    const isFirst = line.size === 0;
    let proceed!: () => void;
    const turn = new Promise<void>((resolve) => (proceed = resolve));
    line.add(proceed);
    const leave = () => {
      const wasFirst = line.values().next().value === proceed;
      line.delete(proceed);
      const [next] = line;
      if (!next) this.lines.delete(key);
      else if (wasFirst) next();
    };
    if (!isFirst) await until(turn, interrupt, leave);
    return leave;
  }

  private async pause(ms: number, interrupt: Interrupt): Promise<void> {
    let wake!: () => void;
    const over = new Promise<void>((resolve) => (wake = resolve));
    const timer = setTimeout(wake, ms);
    this.pausing.add(wake);
    try {
      await until(over, interrupt);
    } finally {
      clearTimeout(timer);
      this.pausing.delete(wake);
    }
  }
}

/** Waits for `event`. @throws the interrupt's error when that comes first, having called `abandon` */
async function until(event: Promise<void>, interrupt: Interrupt, abandon?: () => void): Promise<void> {
  let forget!: () => void;
  const interrupted = new Promise<never>((_, reject) => (forget = interrupt.onInterrupt(reject)));
  try {
    await Promise.race([event, interrupted]);
  } catch (error) {
    abandon?.();
    throw error;
  } finally {
    forget();
  }
}
