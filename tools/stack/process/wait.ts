import { setTimeout as delay } from 'node:timers/promises';

/**
 * Asks again until `condition` answers something truthy, and gives that back.
 * Throws an error that begins with `what` after `timeoutMs`, or whatever the condition throws.
 */
export async function waitFor<T>(
  what: string,
  timeoutMs: number,
  condition: () => T | Promise<T>,
  intervalMs = 50,
): Promise<NonNullable<T>> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const answer = await condition();
    if (answer) return answer;
    if (Date.now() >= deadline) throw new Error(`${what}: not within ${Math.round(timeoutMs / 1000)} s`);
    await delay(intervalMs);
  }
}
