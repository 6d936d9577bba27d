import fc, { type Arbitrary } from 'fast-check';
import { TIERS, type TestSystem } from '#caas/testing';
import { FuzzWorld } from './fuzz-world';
import { IdleProcess } from './idle-process';
import { RestCalls } from './rest-calls';
import { RestClient, type Answered } from './rest-client';
import { SocketCalls } from './socket-calls';
import { SocketClient } from './socket-client';

const BATCH = { rest: 240, sockets: 60 };
const AT_ONCE = { rest: 6, sockets: 2 };
const SLOWEST = 10;
const SHOWN = 2_000;

export interface FuzzOptions {
  seed: number;
  /** How many calls are made, at least, unless time runs out. */
  calls: number;
  mostMs: number;
}

interface Made {
  what: string;
  ms: number;
}

/** What a run has found. */
export class FuzzReport {
  calls = 0;
  readonly failures: string[] = [];
  readonly statuses = new Map<number, number>();
  readonly untouched = new Set<string>();
  slowest: Made[] = [];
  /** In each batch: the api's largest delay less that of a process that did nothing. */
  readonly delaysMs: number[] = [];
  cuts = 0;

  add(operation: string, what: () => string, { status, verdict, ms }: Answered): void {
    this.calls += 1;
    this.untouched.delete(operation);
    this.statuses.set(status, (this.statuses.get(status) ?? 0) + 1);
    if (verdict !== null) this.failures.push(`${verdict}\n  ${what().slice(0, SHOWN)}`);
    if (ms <= (this.slowest.at(-1)?.ms ?? 0) && this.slowest.length === SLOWEST) return;
    this.slowest = [...this.slowest, { what: what().slice(0, 200), ms }].sort((a, b) => b.ms - a.ms).slice(0, SLOWEST);
  }

  text(): string {
    const statuses = [...this.statuses].sort(([a], [b]) => a - b).map(([status, count]) => `${status} × ${count}`);
    const lines = [
      `${this.calls} calls: ${statuses.join(', ')}; ${this.cuts} sockets cut; ${this.untouched.size} operations not tried`,
      `event loop: at most ${Math.max(0, ...this.delaysMs).toFixed(0)} ms later than that of an idle process`,
      'slowest calls:',
      ...this.slowest.map(({ what, ms }) => `  ${ms.toFixed(0)} ms  ${what}`),
    ];
    return lines.join('\n');
  }
}

/** Calls to every route and messages of every kind, made up by a seed, each batch in a tenant of its own. */
export class Fuzz {
  private readonly idle = new IdleProcess();
  private readonly client = new RestClient();
  private readonly report = new FuzzReport();

  private constructor(
    private readonly system: TestSystem,
    private readonly rest: RestCalls,
    private readonly sockets: SocketCalls,
    private readonly options: FuzzOptions,
  ) {}

  static async run(system: TestSystem, options: FuzzOptions): Promise<FuzzReport> {
    const caller = system.caller(null);
    const { body: openApi } = await caller.get('/docs/openapi.json');
    const { body: asyncApi } = await caller.get('/docs/asyncapi.json');
    const sent = (asyncApi.operations.sendMessages.messages as { $ref: string }[]).map(({ $ref }) =>
      $ref.split('/').at(-1)!,
    );
    return new Fuzz(system, new RestCalls(openApi), new SocketCalls(sent), options).run();
  }

  private async run(): Promise<FuzzReport> {
    const until = performance.now() + this.options.mostMs;
    this.rest.names.forEach((name) => this.report.untouched.add(name));
    try {
      for (let batch = 0; this.report.calls < this.options.calls && performance.now() < until; batch += 1) {
        await this.batch(batch, until);
      }
    } finally {
      this.client.close();
      this.idle.end();
    }
    return this.report;
  }

  private async batch(number: number, until: number): Promise<void> {
    const world = await FuzzWorld.create(this.system, TIERS[number % TIERS.length]!);
    const seed = this.options.seed + number;
    await this.delayMs(world.url);
    await Promise.all([
      ...shares(sample(this.rest.plans, seed, BATCH.rest), AT_ONCE.rest).map(async (plans) => {
        for (const plan of plans) {
          if (performance.now() > until) return;
          const call = this.rest.call(plan, world);
          const what = () => `${call.operation} ${JSON.stringify({ ...call, body: call.body?.toString('latin1') })}`;
          this.report.add(call.operation, what, await this.client.call(world.url, call));
        }
      }),
      ...shares(sample(this.sockets.plans, seed, BATCH.sockets), AT_ONCE.sockets).map(async (plans) => {
        const client = new SocketClient();
        for (const plan of plans) {
          if (performance.now() > until) break;
          const json = this.sockets.json(plan, world.sensible);
          this.report.add(json, () => json, await client.emit(world.url, world.token, json).catch(refused));
        }
        this.report.cuts += client.cuts;
        client.close();
      }),
    ]);
    this.report.delaysMs.push(await this.delayMs(world.url));
    await world.close();
  }

  /** Since it was asked before: the largest delay of the api's event loop, less that of the idle process. */
  private async delayMs(url: string): Promise<number> {
    const idleMs = await this.idle.maxDelayMs();
    const metrics = await this.system.metrics(this.system.urls.indexOf(url));
    const [, seconds] = /^nodejs_eventloop_lag_max_seconds (\S+)/m.exec(metrics) ?? [];
    return Number(seconds) * 1000 - idleMs;
  }
}

/** The user may be gone by then: deleted, by a call of this very run. */
const refused = (): Answered => ({ status: 0, verdict: null, ms: 0 });

const sample = <T>(arbitrary: Arbitrary<T>, seed: number, numRuns: number): T[] =>
  fc.sample(arbitrary, { seed, numRuns });

const shares = <T>(all: T[], count: number): T[][] =>
  Array.from({ length: count }, (_, share) => all.filter((_one, index) => index % count === share));
