import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Check } from '../../tools/demo/checks';
import { RestClient } from '../../tools/demo/rest-client';
import { DemoTenant } from '../../tools/demo/tenant';
import { removeDataDir, startStack, type Stack } from '../../tools/stack';
import { check, checkCrossing, settle } from './checks';
import { Crowd } from './crowd';
import { Ledger } from './ledger';
import { Traffic } from './traffic';
import { makeTrouble, type Trouble } from './trouble';

export interface SoakOptions {
  seconds: number;
  sockets: number;
  /** Ends it early, with everything that it started. */
  signal: AbortSignal;
  say(line: string): void;
}

export interface SoakResult {
  crowd: Crowd;
  ledger: Ledger;
  trouble: Trouble;
  checks: Check[];
}

/** A system of its own, mixed traffic on it while its processes are killed, and the account of it. */
export async function soak(options: SoakOptions): Promise<SoakResult> {
  const { signal, say } = options;
  const dataDir = await mkdtemp(join(tmpdir(), 'caas-soak-'));
  let stack: Stack | undefined;
  try {
    const env = { LOG_LEVEL: 'error' };
    stack = await startStack({ dataDir, apiProcesses: 2, workerProcesses: 1, env, progress: say, signal });
    return await soakOn(stack, options);
  } finally {
    await stack?.stop();
    await removeDataDir(dataDir);
  }
}

async function soakOn(stack: Stack, { seconds, sockets, signal, say }: SoakOptions): Promise<SoakResult> {
  const tenant = await DemoTenant.create(new RestClient(stack.apiUrls), stack.platformKey, 'free');
  const crowd = new Crowd(tenant, sockets);
  try {
    await crowd.gather();
    say(`${crowd.users.length} users with ${crowd.clients.length} sockets in ${crowd.rooms.length} conversations`);
    const ledger = new Ledger();
    const traffic = new Traffic(crowd, ledger);
    const over = AbortSignal.any([signal, AbortSignal.timeout(seconds * 1_000)]);
    const [trouble] = await Promise.all([makeTrouble(stack, seconds, over, say), traffic.run(over)]);
    signal.throwIfAborted();
    say('nobody begins anything any more; checking');
    await stack.ready();
    const checks = [await settle(crowd)];
    checks.push(await checkCrossing(crowd, (user, room) => traffic.send(user, room, 'rest')));
    checks.push(await settle(crowd), ...(await check(crowd, ledger)));
    return { crowd, ledger, trouble, checks };
  } finally {
    crowd.leave();
  }
}
