import { setTimeout as delay } from 'node:timers/promises';
import { waitFor as waitAtMost } from '../../../tools/stack/process/wait';

/** Set by the runner: how much slower than a quiet machine this one was when the run began. See tools/test/slowness.ts. */
const SLOWNESS = Number(process.env['CAAS_TEST_SLOWNESS'] ?? 1);

/** What other suites, and other programs, may take of the processors while a test waits. */
const CROWDED = 3;

/** A deadline, in milliseconds, for what a quiet machine does within `ms`. A deadline that is not reached costs nothing. */
export const patient = (ms: number): number => Math.round(ms * CROWDED * SLOWNESS);

/**
 * Asks again until `condition` answers something truthy, and gives that back.
 * @param ms within which a quiet machine is through; a slow one has longer, see `patient`
 * @throws Error that begins with `what` when the time is over, or whatever the condition throws
 */
export const waitFor = <T>(
  what: string,
  ms: number,
  condition: () => T | Promise<T>,
  intervalMs = 50,
): Promise<NonNullable<T>> => waitAtMost(what, patient(ms), condition, intervalMs);

/**
 * Looks again until nothing is thrown: for `expect`s about what follows on another process, as a conversation's unread counts, newest
 * message and `last_seq` follow from its messages. The process that accepted a message shows them at once, the others within a second.
 * @throws what the last look threw when the time is over
 */
export async function eventually(look: () => Promise<void>, ms = 5_000, intervalMs = 50): Promise<void> {
  const deadline = Date.now() + patient(ms);
  for (;;) {
    try {
      return await look();
    } catch (error) {
      if (Date.now() >= deadline) throw error;
    }
    await delay(intervalMs);
  }
}
