import { increase, together, type Account } from '../support/account';
import { engineCommands } from '../support/engine-commands';
import type { BenchEngines } from '../support/engines';
import type { Server } from '../support/servers';
import { median } from '../support/statistics';
import { CrowdProcess, type Measured } from './crowd';
import type { Seat, Talk } from './clients';
import type { PeerOutput } from './peer';
import type { Table } from './table';

/** What every part works with. */
export interface Bench {
  engines: BenchEngines;
  platformKey: string;
  api: Server;
  bare: Server;
  table: Table;
  /** Of the api: for further processes of it. */
  env: NodeJS.ProcessEnv;
  /** Of another server for chat on this machine; empty when none was given. */
  peer: PeerOutput;
  /** The talks that were measured at `api`, for whoever looks into the time that they took. */
  talks: Measured[];
}

const REPETITIONS = 3;
const WARM_UP_SECONDS = 4;

export interface Figures {
  acceptedPerSecond: number;
  deliveriesPerSecond: number;
  acceptedPerCpuSecond: number;
  acknowledgedMs: Measured['acknowledged'];
  deliveredMs: Measured['delivered'];
  /** Of the measured repetitions together. */
  totals: Totals;
}

export interface Totals {
  accepted: number;
  cpu: Account;
  postgresCpu: Account;
  clientCpuSeconds: number;
  /** What the api asked the engine meanwhile. */
  commands: Account;
}

type Watched = Measured & Pick<Totals, 'commands'>;

/** The same talk in several rooms, in turns, so that whatever else the machine does befalls all alike. */
export async function compareTalks(bench: Bench, crowds: CrowdProcess[], talk: Talk): Promise<Figures[]> {
  for (const crowd of crowds) await crowd.talk({ ...talk, seconds: WARM_UP_SECONDS });
  const measured: Watched[][] = crowds.map(() => []);
  for (let repetition = 0; repetition < REPETITIONS; repetition += 1) {
    for (const [at, crowd] of crowds.entries()) measured[at]!.push(await watched(bench, crowd, talk));
  }
  bench.talks.push(...measured.flat().filter(({ cpu }) => cpu['api'] !== undefined));
  return measured.map(figuresOf);
}

async function watched({ api, platformKey }: Bench, crowd: CrowdProcess, talk: Talk): Promise<Watched> {
  const before = await engineCommands(api.url, platformKey);
  const measured = await crowd.talk(talk);
  return { ...measured, commands: increase(before, await engineCommands(api.url, platformKey)) };
}

const figuresOf = (each: Watched[]): Figures => ({
  acceptedPerSecond: median(each.map(({ accepted, seconds }) => accepted / seconds)),
  deliveriesPerSecond: median(each.map(({ deliveries, seconds }) => deliveries / seconds)),
  acceptedPerCpuSecond: median(each.map(({ accepted, cpuSeconds }) => accepted / cpuSeconds)),
  acknowledgedMs: medians(each.map(({ acknowledged }) => acknowledged)),
  deliveredMs: medians(each.map(({ delivered }) => delivered)),
  totals: {
    accepted: each.reduce((sum, { accepted }) => sum + accepted, 0),
    cpu: together(each.map(({ cpu }) => cpu)),
    postgresCpu: together(each.map(({ postgresCpu }) => postgresCpu)),
    clientCpuSeconds: each.reduce((sum, { clientCpuSeconds }) => sum + clientCpuSeconds, 0),
    commands: together(each.map(({ commands }) => commands)),
  },
});

const medians = (each: Measured['acknowledged'][]) => ({
  p50: median(each.map(({ p50 }) => p50)),
  p95: median(each.map(({ p95 }) => p95)),
  p99: median(each.map(({ p99 }) => p99)),
});

/** Clients at the api, and as many at the bare server in a room of the same name. */
export const atApi = ({ api, engines }: Bench, seats: Seat[]) =>
  CrowdProcess.seat({ url: api.url, seats }, { api: api.pid, ...engines.roles });

export const atBare = ({ bare }: Bench, seats: Seat[], idle = false) =>
  CrowdProcess.seat(
    {
      url: bare.url,
      seats: seats.map(({ conversationId }, at) => ({ conversationId, token: `${conversationId}/${at}` })),
    },
    { bare: bare.pid },
    idle,
  );
