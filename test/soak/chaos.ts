import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Stack } from '../../tools/stack';

const KILL_EVERY_MS = 15_000;

export interface Chaos {
  apisKilled: number;
  redisRestarts: number;
}

/** Kills the apis with -9 in turn; and Redis, once with what it had written, once with nothing left. */
export async function causeChaos(
  stack: Stack,
  seconds: number,
  until: AbortSignal,
  say: (line: string) => void,
): Promise<Chaos> {
  const done: Chaos = { apisKilled: 0, redisRestarts: 0 };
  const everyMs = Math.min(KILL_EVERY_MS, (seconds * 1_000) / 3);
  const apis = async () => {
    while (await pause(everyMs, until)) {
      const index = done.apisKilled % stack.apiUrls.length;
      await stack.kill9('api', index);
      done.apisKilled += 1;
      say(`killed api ${index} with -9`);
    }
  };
  const redis = async () => {
    for (const empties of [false, true]) {
      if (!(await pause((seconds * 1_000) / 3 + 1_000, until))) return;
      await stack.kill9('redis');
      // Before it is started again, which is a quarter of a second later.
      if (empties) await rm(join(stack.dataDir, 'redis', 'appendonlydir'), { recursive: true, force: true });
      done.redisRestarts += 1;
      say(empties ? 'killed Redis with -9 and took away what it had written' : 'killed Redis with -9');
    }
  };
  await Promise.all([apis(), redis()]);
  return done;
}

/** @returns false when it is over instead */
async function pause(ms: number, until: AbortSignal): Promise<boolean> {
  await delay(ms, undefined, { signal: until }).catch(() => undefined);
  return !until.aborted;
}
