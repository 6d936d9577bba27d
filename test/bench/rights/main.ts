/**
 * `npm run bench:rights [-- name …]`: how long a right that was taken away at one process is still believed at another. Each change is
 * made 50 times (`BENCH_ROUNDS`), beside somebody who acts on the right at the other process without a pause, and one who listens
 * there. What was begun after the change was answered, and was accepted, counts by when it was begun; what was sent to the socket of
 * somebody who has no right to it any more by when it came. Exits with 1 when anything was accepted or told after 200 ms.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { LiveClient, TenantSession, type SystemAccess } from '#caas/testing';
import { Table } from '../messaging/table';
import { benchEngines } from '../support/engines';
import { percentile } from '../support/statistics';
import { startTwoApis } from '../support/two-apis';
import { CHANGES, type Change, type Round } from './changes';

const ROUNDS = Number(process.env['BENCH_ROUNDS'] ?? 50);
const AT_ONCE = 4;
const LEAD_MS = 100;
/** Long enough to see what a cache would have believed for its whole time. */
const WATCHED_MS = 600;
const MOST_MS = 200;

/** Milliseconds after the answer, at most, that something was accepted and told; 0 when nothing was. */
interface Lateness {
  accepted: number;
  told: number;
}

async function main(wanted: string[]): Promise<boolean> {
  const unknown = wanted.filter((name) => !CHANGES.some((change) => change.name === name));
  if (unknown.length > 0) throw new Error(`No such change: ${unknown.join(', ')}.`);
  const engines = await benchEngines();
  const apis = await startTwoApis(engines, { RATE_LIMITS_FACTOR: '1000' });
  const table = new Table();
  try {
    for (const change of CHANGES.filter(({ name }) => wanted.length === 0 || wanted.includes(name))) {
      const late: Lateness[] = [];
      for (let at = 0; at < ROUNDS; at += 1) late.push(await inTenant(apis.system, change, at));
      report(table, change, late);
    }
    return table.allMet;
  } finally {
    await apis.stop();
    await engines.stop();
  }
}

/** A tenant for each round: one of the changes ends it. */
async function inTenant(system: SystemAccess, change: Change, at: number): Promise<Lateness> {
  const tenant = await new TenantSession(system, 'free').open();
  try {
    return await measure(tenant, await change.round(tenant, at));
  } finally {
    await tenant.close();
  }
}

async function measure(tenant: TenantSession, round: Round): Promise<Lateness> {
  const ear = round.deaf && (await tenant.socket(round.deaf.user, 1));
  const heard: number[] = [];
  if (ear && round.deaf) listen(ear, round.deaf.room.id, heard);
  const accepted: number[] = [];
  let isOver = false;
  const actors = Array.from({ length: AT_ONCE }, async () => {
    while (!isOver) {
      const begun = performance.now();
      if ((await round.attempt()) === 'held') accepted.push(begun);
      else await sleep(2);
    }
  });
  await sleep(LEAD_MS);
  if (accepted.length === 0) throw new Error('The right was not there before it was taken away.');
  const { status, body } = await round.change();
  const answered = performance.now();
  if (status >= 300) throw new Error(`The change was refused: ${status} ${JSON.stringify(body)}`);
  await sleep(WATCHED_MS);
  isOver = true;
  await Promise.all(actors);
  return { accepted: latest(accepted, answered), told: latest(heard, answered) };
}

function listen(ear: LiveClient, room: string, heard: number[]): void {
  ear.socket.onAny((_type: string, event: { conversation_id?: string; type: string }) => {
    // Of these they hear that it has ended for them.
    if (event.type === 'member.removed' || event.type === 'conversation.deleted') return;
    if (event.conversation_id === room) heard.push(performance.now());
  });
}

const latest = (times: number[], answered: number): number => Math.max(0, ...times.map((time) => time - answered));

function report(table: Table, { name }: Change, late: Lateness[]): void {
  table.heading(`${name}, ${late.length} times`);
  for (const what of ['accepted', 'told'] as const) {
    const times = late.map((each) => each[what]);
    table.note(
      `${what} after the answer: p50 ${percentile(times, 0.5).toFixed(0)}, p99 ${percentile(times, 0.99).toFixed(0)} ms`,
    );
    table.add({
      what: `${what} last, ms after the answer`,
      figure: Math.max(...times),
      goal: MOST_MS,
      atMost: true,
      digits: 0,
    });
  }
}

void main(process.argv.slice(2)).then(
  (met) => process.exit(met ? 0 : 1),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
