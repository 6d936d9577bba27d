/**
 * `npm run bench:gateway-load`: eight client processes do everything that clients do at half of what the gateway bears: reads, writes on hot
 * and on many documents, upserts that race, transactions that meet, index changes, cursors left open; every few seconds one of
 * them is killed with -9. A ninth process reads one unrelated document every 10 ms. Nobody may see an error that is not their own, no
 * acknowledged increment may be lost, the ninth must hardly notice, and afterwards nothing may be left open. `LOAD_SECONDS` (180),
 * `LOAD_RAMP_SECONDS` (20) and `LOAD_REST_SECONDS` (10) shorten it; `BENCH_GATEWAY` is a `mongodb://` URI of a gateway that runs on this machine
 * already. Exits with 1 when a goal is missed.
 */
import { randomBytes, randomInt } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { MongoClient } from 'mongodb';
import { Table } from '../messaging/table';
import { benchEngines } from '../support/engines';
import { percentile } from '../support/statistics';
import { grouped, isOwnFault } from './client-errors';
import { countedIn, residentMb, sumOfAccounts, untilNothingHeld } from './gateway-state';
import { COUNTERS, readJournals } from './journal';
import { setScene } from './mix';
import { Clients, Prober } from './processes';
import type { Probed } from './prober';

const seconds = (name: string, otherwise: number) => Number(process.env[name] ?? otherwise);
const LOAD_S = seconds('LOAD_SECONDS', 180);
const RAMP_S = seconds('LOAD_RAMP_SECONDS', 20);
const REST_S = seconds('LOAD_REST_SECONDS', 10);
const CLIENTS = 8;
const SHARE_OF_MOST = 0.5;
const KILL_EVERY_MS = 4_000;
const WARM_UP_S = 3;

const MOST_MS = 20;
const TIMES_REST = 3;
const CLEAN_WITHIN_MS = 10_000;
const MEMORY_RATIO = 1.1;

async function main(): Promise<boolean> {
  const { mongodbUri, stop } = await gateway();
  const folder = mkdtempSync(join(tmpdir(), 'caas-gateway-load-'));
  const client = new MongoClient(mongodbUri, { maxPoolSize: 4 });
  const prober = await Prober.start(mongodbUri);
  try {
    return await new GatewayLoad(mongodbUri, folder, client, prober).run();
  } finally {
    prober.stop();
    await client.close();
    await stop();
    rmSync(folder, { recursive: true });
  }
}

class GatewayLoad {
  private readonly table = new Table();

  constructor(
    private readonly mongodbUri: string,
    private readonly folder: string,
    private readonly client: MongoClient,
    private readonly prober: Prober,
  ) {}

  async run(): Promise<boolean> {
    await sleep(WARM_UP_S * 1_000);
    await this.prober.take();
    await sleep(REST_S * 1_000);
    const atRest = await this.prober.take();
    const most = await this.flatOut();
    await sleep(WARM_UP_S * 1_000);
    await this.load(most * SHARE_OF_MOST, atRest);
    return this.table.allMet;
  }

  /** Operations a second that the mix reaches when nobody holds back. */
  private async flatOut(): Promise<number> {
    const { clients } = await this.clients('ramp', null);
    // The first third is for connections and caches.
    await sleep((RAMP_S / 3) * 1_000);
    const before = clients.operations;
    const startedAt = performance.now();
    await sleep(((RAMP_S * 2) / 3) * 1_000);
    const rate = (clients.operations - before) / ((performance.now() - startedAt) / 1_000);
    await clients.stop();
    await this.prober.take();
    this.table.note(`flat out: ${rate.toFixed(0)} operations a second`);
    return rate;
  }

  private async load(perSecond: number, atRest: Probed): Promise<void> {
    const { clients, database, journals } = await this.clients('load', perSecond / CLIENTS);
    const before = clients.operations;
    const startedAt = performance.now();
    await this.prober.take();
    const endsAt = startedAt + LOAD_S * 1_000;
    // Minute one of three.
    const firstLookAt = startedAt + (LOAD_S / 3) * 1_000;
    let firstMb = 0;
    while (performance.now() < endsAt) {
      await sleep(Math.min(KILL_EVERY_MS, endsAt - performance.now()));
      if (firstMb === 0 && performance.now() >= firstLookAt) firstMb = await residentMb(this.client);
      if (performance.now() < endsAt - KILL_EVERY_MS) clients.kill(randomInt(CLIENTS));
    }
    const probed = await this.prober.take();
    const lastMb = await residentMb(this.client);
    const reached = (clients.operations - before) / LOAD_S;
    await clients.stop();
    const clean = await untilNothingHeld(this.client, CLEAN_WITHIN_MS);

    this.table.heading(
      `${LOAD_S} s at ${perSecond.toFixed(0)} operations a second wanted, ${reached.toFixed(0)} done; ${clients.kills} clients killed`,
    );
    for (const [name, { count, maxMs }] of Object.entries(clients.done).sort()) {
      this.table.note(`${name.padEnd(20)} ${String(count).padStart(7)}   at most ${maxMs.toFixed(0)} ms`);
    }
    this.judgeProbes(atRest, probed);
    await this.judgeClients(database, journals);
    this.table.note(`left open after ${clean.ms.toFixed(0)} ms: ${JSON.stringify(clean.left)}`);
    const left = Object.values(clean.left).reduce((sum, count) => sum + count, 0);
    this.table.add({
      what: 'cursors, transactions and sessions left after 10 s',
      figure: left,
      goal: 0,
      atMost: true,
      digits: 0,
    });
    this.table.note(
      `the gateway in memory: ${firstMb.toFixed(0)} MB after a third, ${lastMb.toFixed(0)} MB at the end`,
    );
    this.table.add({
      what: 'memory at the end, in times of that at a third',
      figure: lastMb / firstMb,
      goal: MEMORY_RATIO,
      atMost: true,
    });
  }

  private judgeProbes(atRest: Probed, underLoad: Probed): void {
    const line = (what: string, { ms }: Probed) =>
      this.table.note(
        `an unrelated findOne ${what}: p50 ${percentile(ms, 0.5).toFixed(1)}, p99 ${percentile(ms, 0.99).toFixed(1)}, most ${Math.max(...ms).toFixed(0)} ms, of ${ms.length}`,
      );
    line('at rest', atRest);
    line('under load', underLoad);
    const [rest, load] = [percentile(atRest.ms, 0.99), percentile(underLoad.ms, 0.99)];
    this.table.add({
      what: 'p99 of the unrelated findOne under load, ms',
      figure: load,
      goal: MOST_MS,
      atMost: true,
      digits: 1,
    });
    this.table.add({ what: 'the same in times of that at rest', figure: load / rest, goal: TIMES_REST, atMost: true });
    for (const message of new Set(underLoad.errors)) this.table.note(`the unrelated client: ${message}`);
    this.table.add({
      what: 'errors of the unrelated client',
      figure: underLoad.errors.length,
      goal: 0,
      atMost: true,
      digits: 0,
    });
  }

  private async judgeClients(database: string, journals: string): Promise<void> {
    const { begun, acknowledged, errors } = readJournals(journals);
    for (const line of grouped(errors)) this.table.note(line);
    const wrong = errors.filter((error) => !isOwnFault(error)).length;
    this.table.add({
      what: 'errors of clients that are not their own fault',
      figure: wrong,
      goal: 0,
      atMost: true,
      digits: 0,
    });
    const db = this.client.db(database);
    for (const counter of COUNTERS) {
      const counted = await countedIn(db, counter);
      const [least, most] = [acknowledged[counter], begun[counter]];
      this.table.note(`${counter}: ${counted} counted, ${least} acknowledged, ${most} begun`);
      // Of clients that were killed, what was begun may have been done or not.
      const off = Math.max(0, least - counted) + Math.max(0, counted - most);
      this.table.add({
        what: `increments of "${counter}" lost or done twice`,
        figure: off,
        goal: 0,
        atMost: true,
        digits: 0,
      });
    }
    const sum = await sumOfAccounts(db);
    this.table.add({
      what: 'what transfers have made or lost',
      figure: Math.abs(sum),
      goal: 0,
      atMost: true,
      digits: 0,
    });
  }

  private async clients(phase: string, perSecond: number | null) {
    const database = `bench_load_${phase}_${randomBytes(4).toString('hex')}`;
    await setScene(this.client.db(database));
    const journals = join(this.folder, phase);
    mkdirSync(journals);
    const clients = new Clients({ mongodbUri: this.mongodbUri, database, perSecond }, journals, CLIENTS);
    await clients.ready();
    return { clients, database, journals };
  }
}

async function gateway(): Promise<{ mongodbUri: string; stop: () => Promise<void> }> {
  const { BENCH_GATEWAY } = process.env;
  if (BENCH_GATEWAY) return { mongodbUri: BENCH_GATEWAY, stop: () => Promise.resolve() };
  const engines = await benchEngines();
  return { mongodbUri: engines.mongodbUri, stop: () => engines.stop() };
}

void main().then(
  (met) => process.exit(met ? 0 : 1),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
