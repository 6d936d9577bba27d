import type { BenchEngines } from '../support/engines';
import type { Server } from '../support/servers';
import { median } from '../support/statistics';
import { CrowdProcess, type Measured } from './crowd';
import type { Seat, Talk } from './clients';
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
}

const REPETITIONS = 3;
const WARM_UP_SECONDS = 3;

export interface Figures {
  acceptedPerSecond: number;
  deliveriesPerSecond: number;
  acceptedPerCpuSecond: number;
  acknowledgedMs: Measured['acknowledged'];
  deliveredMs: Measured['delivered'];
}

/** The same talk in several rooms, in turns, so that whatever else the machine does befalls all alike. */
export async function compareTalks(crowds: CrowdProcess[], talk: Talk): Promise<Figures[]> {
  for (const crowd of crowds) await crowd.talk({ ...talk, seconds: WARM_UP_SECONDS });
  const measured: Measured[][] = crowds.map(() => []);
  for (let repetition = 0; repetition < REPETITIONS; repetition += 1) {
    for (const [at, crowd] of crowds.entries()) measured[at]!.push(await crowd.talk(talk));
  }
  return measured.map((each) => ({
    acceptedPerSecond: median(each.map(({ accepted, seconds }) => accepted / seconds)),
    deliveriesPerSecond: median(each.map(({ deliveries, seconds }) => deliveries / seconds)),
    acceptedPerCpuSecond: median(each.map(({ accepted, cpuSeconds }) => accepted / cpuSeconds)),
    acknowledgedMs: medians(each.map(({ acknowledged }) => acknowledged)),
    deliveredMs: medians(each.map(({ delivered }) => delivered)),
  }));
}

const medians = (each: Measured['acknowledged'][]) => ({
  p50: median(each.map(({ p50 }) => p50)),
  p95: median(each.map(({ p95 }) => p95)),
  p99: median(each.map(({ p99 }) => p99)),
});

/** Clients at the api, and as many at the bare server in a room of the same name. */
export const atApi = ({ api, engines }: Bench, seats: Seat[]) =>
  CrowdProcess.seat({ url: api.url, seats }, [api.pid, ...engines.pids]);

export const atBare = ({ bare }: Bench, seats: Seat[], idle = false) =>
  CrowdProcess.seat(
    {
      url: bare.url,
      seats: seats.map(({ conversationId }, at) => ({ conversationId, token: `${conversationId}/${at}` })),
    },
    [bare.pid],
    idle,
  );

export const described = ({ acceptedPerSecond, deliveriesPerSecond, acceptedPerCpuSecond, acknowledgedMs }: Figures) =>
  `${acceptedPerSecond.toFixed(0)} accepted/s, ${deliveriesPerSecond.toFixed(0)} deliveries/s, ` +
  `${acceptedPerCpuSecond.toFixed(0)} per CPU-s, acknowledged p50 ${acknowledgedMs.p50.toFixed(1)} p99 ${acknowledgedMs.p99.toFixed(1)} ms`;
