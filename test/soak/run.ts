import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Tier } from '#caas/kernel';
import type { Check } from '../../tools/demo/checks';
import { RestClient } from '../../tools/demo/rest-client';
import { DemoTenant } from '../../tools/demo/tenant';
import { removeDataDir, startStack, type Stack } from '../../tools/stack';
import { check, checkCrossing, settle, together } from './checks';
import { Crowd } from './crowd';
import { Ledger } from './ledger';
import { Traffic } from './traffic';
import { makeTrouble, type Trouble } from './trouble';
import { Turnover } from './turnover';

const TIERS = ['starter', 'pro', 'enterprise'] as const;

export interface SoakOptions {
  seconds: number;
  /** Of all tenants together. */
  sockets: number;
  /** Ends it early, with everything that it started. */
  signal: AbortSignal;
  say(line: string): void;
}

/** One tenant, what is done in it, and the account of it. */
export interface Party {
  tier: Tier;
  crowd: Crowd;
  ledger: Ledger;
}

export interface SoakResult {
  parties: Party[];
  trouble: Trouble;
  checks: Check[];
}

/** A system of its own, mixed traffic of a tenant of each tier while its processes are killed, and the account of it. */
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
  const parties: Party[] = [];
  try {
    for (const tier of TIERS) {
      const tenant = await DemoTenant.create(new RestClient(stack.apiUrls), stack.platformKey, tier);
      const crowd = new Crowd(tenant, Math.ceil(sockets / TIERS.length));
      parties.push({ tier, crowd, ledger: new Ledger() });
      await crowd.gather();
      say(`${tier}: ${crowd.users.length} users, ${crowd.clients.length} sockets, ${crowd.rooms.length} conversations`);
    }
    const over = AbortSignal.any([signal, AbortSignal.timeout(seconds * 1_000)]);
    const goingOn = parties.flatMap(({ crowd, ledger }) => [new Traffic(crowd, ledger), new Turnover(crowd, ledger)]);
    const [trouble] = await Promise.all([
      makeTrouble(stack, seconds, over, say),
      ...goingOn.map((activity) => activity.run(over)),
    ]);
    signal.throwIfAborted();
    say('nobody begins anything any more; checking');
    await stack.ready();
    const checked = [];
    for (const party of parties) checked.push({ tier: party.tier, checks: await checksOf(party) });
    return { parties, trouble, checks: together(checked) };
  } finally {
    for (const { crowd } of parties) crowd.leave();
  }
}

async function checksOf({ crowd, ledger }: Party): Promise<Check[]> {
  const traffic = new Traffic(crowd, ledger, 'crossing');
  const checks = [await settle(crowd)];
  checks.push(await checkCrossing(crowd, (user, room) => traffic.send(user, room, 'rest')));
  checks.push(await settle(crowd), ...(await check(crowd, ledger)));
  return checks;
}
