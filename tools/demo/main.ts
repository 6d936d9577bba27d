/**
 * `npm run demo [-- --mails N] [-- --kill] [-- --clean]`: one tenant per tier, each filled with the people and threads of some
 * six thousand real mails, half over REST and half over WebSocket; everything read back, every delivery accounted for, every
 * tenant attacked by the others. Ends with 1 when a single message is lost, doubled, out of order, or visible to another tenant.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { TIERS } from '#caas/kernel';
import { RetryPolicy, systemAt, type TenantSession } from '#caas/testing';
import { checkDelivery, readBack } from './checks';
import { checkIsolation } from './isolation';
import { readMails } from './mails';
import { planDirect, planGroups, type Plan } from './plan';
import { findOrStart, type DemoSystem } from './system';
import { faultsOf, table, verdicts, type TenantResult } from './table';
import { demoTenant, usageOf } from './tenant';
import { TenantRun } from './tenant-run';

const SOCKETS_PER_TENANT = 300;
const PROGRESS_EVERY_MS = 15_000;

interface Options {
  mails: number;
  kill: boolean;
  clean: boolean;
}

async function main({ mails, kill, clean }: Options): Promise<boolean> {
  const startedAt = Date.now();
  const say = (line: string) =>
    console.log(`demo: ${((Date.now() - startedAt) / 1000).toFixed(1).padStart(6)} s  ${line}`);
  const system = await findOrStart(say);
  try {
    const retry = new RetryPolicy();
    const access = systemAt(system.urls, system.platformKey, retry);
    const tenants = await Promise.all(TIERS.map((tier) => demoTenant(access, tier)));
    const plan = await planFor(mails, tenants[0]!);
    say(
      `${plan.posts} messages of ${plan.people.length} people in ${plan.conversations.length} conversations, for each tenant`,
    );
    const runs = tenants.map((tenant) => new TenantRun(tenant, plan));
    await Promise.all(runs.map((run) => run.prepare(SOCKETS_PER_TENANT)));
    say('everybody is registered and the busiest are connected; sending');
    const progress = setInterval(() => say(progressOf(runs)), PROGRESS_EVERY_MS).unref();
    const crashed = kill ? crashHalfWay(system, runs, say) : undefined;
    await Promise.all(runs.map((run) => run.send()));
    await crashed;
    clearInterval(progress);
    say(`all sent, with ${repeatsOf(retry, runs)} attempts repeated; reading back and checking`);
    const results = await check(runs, kill, say);
    console.log(`\n${table(results)}\n\n${verdicts(results)}\n`);
    for (const run of runs) run.close();
    if (clean) await Promise.all(tenants.map((tenant) => tenant.close()));
    const faults = results.flatMap(faultsOf).length;
    say(faults === 0 ? 'every line is green' : `${faults} faults`);
    return faults === 0;
  } finally {
    await system.stop();
  }
}

/** A thread is a group, or, in a system that has no groups yet, as many direct conversations as it has pairs. */
async function planFor(mails: number, tenant: TenantSession): Promise<Plan> {
  const read = await readMails(mails);
  const prober = 'demo-prober';
  await tenant.putUser(prober);
  const probe = { type: 'group', name: 'probe', member_ids: [] };
  const { status } = await tenant.acting(prober).post('/v1/conversations', probe);
  await tenant.server().delete(`/v1/users/${prober}`);
  return status === 201 ? planGroups(read) : planDirect(read);
}

async function crashHalfWay(system: DemoSystem, runs: TenantRun[], say: (line: string) => void): Promise<void> {
  const half = runs.reduce((sum, { plan }) => sum + plan.posts, 0) / 2;
  while (runs.reduce((sum, { sent }) => sum + sent, 0) < half) await delay(20);
  await system.crash(say);
}

async function check(runs: TenantRun[], crashes: boolean, say: (line: string) => void): Promise<TenantResult[]> {
  const results: TenantResult[] = [];
  for (const run of runs) {
    const delivery = await checkDelivery(run, crashes);
    const others = runs.filter((other) => other !== run);
    results.push({
      run,
      delivery,
      readBack: await readBack(run),
      isolation: await checkIsolation(run, others),
      usage: await usageOf(run.tenant),
    });
    say(`${run.tenant.tier} is checked`);
  }
  return results;
}

function progressOf(runs: TenantRun[]): string {
  return `sent ${runs.map(({ sent, plan, tenant }) => `${sent} of ${plan.posts} (${tenant.tier})`).join(', ')}`;
}

function repeatsOf(calls: RetryPolicy, runs: TenantRun[]): number {
  return runs.reduce((sum, { retry }) => sum + retry.repeated, calls.repeated);
}

function options(): Options {
  const { values } = parseArgs({
    options: { mails: { type: 'string' }, kill: { type: 'boolean' }, clean: { type: 'boolean' } },
  });
  const mails = values.mails === undefined ? Infinity : Number(values.mails);
  if (!(mails >= 1)) throw new Error('--mails takes a number from 1');
  return { mails, kill: values.kill ?? false, clean: values.clean ?? false };
}

void main(options()).then(
  (green) => process.exit(green ? 0 : 1),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
