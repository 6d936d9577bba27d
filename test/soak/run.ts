import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Tier } from '#caas/kernel';
import { RetryPolicy, systemAt, TenantSession } from '#caas/testing';
import { removeDataDir, startStack, type Stack } from '../../tools/stack';
import { causeChaos, type Chaos } from './chaos';
import { check, checkCrossing, settle, together, type Check } from './checks';
import { Churn } from './churn';
import { Journal } from './journal';
import { Traffic } from './traffic';
import { Users } from './users';

const TIERS = ['starter', 'pro', 'enterprise'] as const;
/** Longer than any soak. */
const TOKEN_SECONDS = 24 * 3600;

export interface SoakOptions {
  seconds: number;
  /** Of all tenants together. */
  sockets: number;
  /** Ends it early, with everything that it started. */
  signal: AbortSignal;
  say(line: string): void;
}

/** One tenant of the soak, and what it was promised. */
export interface SoakTenant {
  tier: Tier;
  users: Users;
  journal: Journal;
  /** Of its calls over REST. */
  retry: RetryPolicy;
}

export interface SoakResult {
  tenants: SoakTenant[];
  chaos: Chaos;
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
  const tenants: SoakTenant[] = [];
  try {
    for (const tier of TIERS) {
      const tenant = await createTenant(stack, tier, Math.ceil(sockets / TIERS.length));
      tenants.push(tenant);
      const { users } = tenant;
      await users.create();
      say(`${tier}: ${users.names.length} users, ${users.clients.length} sockets, ${users.rooms.length} conversations`);
    }
    const over = AbortSignal.any([signal, AbortSignal.timeout(seconds * 1_000)]);
    const goingOn = tenants.flatMap(({ users, journal }) => [new Traffic(users, journal), new Churn(users, journal)]);
    const [chaos] = await Promise.all([
      causeChaos(stack, seconds, over, say),
      ...goingOn.map((activity) => activity.run(over)),
    ]);
    signal.throwIfAborted();
    say('the traffic has ended; checking');
    await stack.ready();
    const checked = [];
    for (const tenant of tenants) checked.push({ tier: tenant.tier, checks: await checksOf(tenant) });
    return { tenants, chaos, checks: together(checked) };
  } finally {
    for (const { users } of tenants) users.disconnect();
  }
}

async function createTenant({ apiUrls, platformKey }: Stack, tier: Tier, sockets: number): Promise<SoakTenant> {
  const retry = new RetryPolicy();
  const options = { name: `Soak ${tier}`, tokens: { expires_in: TOKEN_SECONDS, session: false } };
  const session = await new TenantSession(systemAt(apiUrls, platformKey, retry), tier, options).open();
  await session.setLimits();
  return { tier, users: new Users(session, sockets), journal: new Journal(session.history), retry };
}

async function checksOf({ users, journal }: SoakTenant): Promise<Check[]> {
  const traffic = new Traffic(users, journal, 'crossing');
  const checks = [await settle(users)];
  checks.push(await checkCrossing(users, (user, room) => traffic.send(user, room, 'rest')));
  checks.push(await settle(users), ...(await check(users, journal)));
  return checks;
}
