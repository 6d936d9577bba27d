import { readFileSync } from 'node:fs';
import { CrowdProcess } from '../messaging/crowd';
import { Population, type Person } from '../support/population';
import { cpuSeconds } from '../support/cpu';
import { TEXT } from '../support/fixture';
import { measure } from '../support/measure';
import type { Server } from '../support/servers';
import { percentile } from '../support/statistics';
import type { LimitsBench } from './bench';

const PAIRS = 3;
const ROUNDS = 3;
const SECONDS = 5;
/** Until code that is run often is compiled on both sides. */
const WARM_UP_ROUNDS = 2;
/** Of whom each asks at about half of their rate. */
const USERS = 100;
const SENDERS = 20;
const MESSAGES = 40;
const CONNECTIONS = 16;
/** Of the cost without limits. */
const GOAL = 1.03;

const TIER = 'pro';
/** As the tier has them, but for who sends: a room's twenty say more than twenty people would. */
const SENDING = { sends_per_minute: 300_000, user_sends_per_minute: 12_000 };
/** Windows of a second, with little to be fetched ahead: the dearest there is, and five times what a user of the tier may. */
const DEAREST = { user_reads_per_minute: 6_000 };

/** Calls that were answered, and the CPU seconds of the api that answered them. */
interface Worked {
  calls: number;
  cpuSeconds: number;
}

type Load = () => Promise<Worked>;

/** Seconds of CPU for one call. */
interface Round {
  with: number;
  without: number;
}

interface Trial {
  what: string;
  /** With limits, and without. */
  loads: Load[];
  /** Engines: what serves both, and what only the limiter asks. */
  pids: { shared: number[]; ofLimiter: number[] };
  close?: () => Promise<void>;
}

/**
 * What a call costs with limits, of what it costs without: CPU time of api and engines. Both apis are under load at the same time,
 * so that whatever else the machine does befalls both; what the database needs for the same work is shared between them by the calls.
 * Several pairs, begun anew: two processes of the same code may differ by more than is measured here.
 */
export async function cost(bench: LimitsBench): Promise<void> {
  const { table } = bench;
  table.heading(
    `CPU time of a call with limits, of one without; both at once, ${PAIRS} pairs of apis, ${ROUNDS} × ${SECONDS} s each`,
  );
  const results = new Map<string, Round[]>();
  for (let pair = 0; pair < PAIRS; pair += 1) {
    const [limited, unlimited] = [await bench.start(), await bench.start({ RATE_LIMITS: 'false' })];
    for (const { what, loads, pids, close } of await trialsOf(bench, limited, unlimited)) {
      results.set(what, [...(results.get(what) ?? []), ...(await compare(loads, pids))]);
      await close?.();
    }
    await Promise.all([limited.stop(), unlimited.stop()]);
  }
  for (const [what, rounds] of results) report(table, what, rounds);
}

async function trialsOf(bench: LimitsBench, limited: Server, unlimited: Server): Promise<Trial[]> {
  const { platformKey, enginePids } = bench;
  const redis = enginePids.filter((pid) => readFileSync(`/proc/${pid}/comm`, 'utf8').startsWith('redis'));
  const database = enginePids.filter((pid) => !redis.includes(pid));
  const readers = async (limits?: Record<string, number>) => {
    const population = await Population.found(unlimited.url, platformKey, { tier: TIER, limits });
    const people = await population.people('reader', USERS);
    const conversationId = await population.room(people);
    for (let said = 0; said < MESSAGES; said += 1) await population.say(conversationId, people[0]!, TEXT);
    return { people, page: `/v1/conversations/${conversationId}/messages?limit=20` };
  };
  const reading = (what: string, people: Person[], path: string): Trial => {
    const requests = people.map(({ token }) => ({ method: 'GET' as const, path, token }));
    const loads = [limited, unlimited].map(({ url, pid }): Load => async () => {
      const load = { url, connections: CONNECTIONS, seconds: SECONDS, requests };
      const { perSecond, perCpuSecond } = await measure({ name: what, pids: [pid], load });
      return { calls: perSecond * SECONDS, cpuSeconds: (perSecond * SECONDS) / perCpuSecond };
    });
    // Nobody but the limiter asks Redis here.
    return { what, loads, pids: { shared: database, ofLimiter: redis } };
  };
  const usual = await readers();
  const dearest = await readers(DEAREST);
  const rooms = await Promise.all([limited, unlimited].map((server) => roomAt(server, unlimited, platformKey)));
  const sending = rooms.map((crowd): Load => async () => {
    const { accepted, cpuSeconds } = await crowd.talk({ seconds: SECONDS, senders: SENDERS, text: TEXT });
    return { calls: accepted, cpuSeconds };
  });
  return [
    reading('GET of a page of 20 messages', usual.people, usual.page),
    reading('GET of oneself, among the cheapest', usual.people, '/v1/users/me'),
    reading('the same, of users with 100 points a second', dearest.people, '/v1/users/me'),
    {
      what: 'message.send over sockets, rooms of 20',
      loads: sending,
      // Events go by Redis, too, so it is shared like the database.
      pids: { shared: enginePids, ofLimiter: [] },
      close: async () => {
        for (const crowd of rooms) await crowd.close();
      },
    },
  ];
}

async function roomAt(server: Server, maker: Server, platformKey: string): Promise<CrowdProcess> {
  const population = await Population.found(maker.url, platformKey, { tier: TIER, limits: SENDING });
  const people = await population.people('sender', SENDERS);
  const conversationId = await population.room(people);
  const seats = people.map(({ token }) => ({ token, conversationId }));
  return CrowdProcess.seat({ url: server.url, seats }, { api: server.pid });
}

async function compare([limited, unlimited]: Load[], { shared, ofLimiter }: Trial['pids']): Promise<Round[]> {
  const rounds: Round[] = [];
  for (let round = 0; round < WARM_UP_ROUNDS + ROUNDS; round += 1) {
    const [sharedBefore, limiterBefore] = [cpuSeconds(shared), cpuSeconds(ofLimiter)];
    const [on, off] = await Promise.all([limited!(), unlimited!()]);
    const engines = (cpuSeconds(shared) - sharedBefore) / (on.calls + off.calls);
    const counting = (cpuSeconds(ofLimiter) - limiterBefore) / on.calls;
    rounds.push({ with: on.cpuSeconds / on.calls + counting + engines, without: off.cpuSeconds / off.calls + engines });
  }
  return rounds.slice(WARM_UP_ROUNDS);
}

function report(table: LimitsBench['table'], what: string, rounds: Round[]): void {
  const at = (part: number, of: (round: Round) => number) => percentile(rounds.map(of), part);
  const ratio = (round: Round) => round.with / round.without;
  const microseconds = (of: (round: Round) => number) => (1e6 * at(0.5, of)).toFixed(0);
  table.note(
    `${what}: ${microseconds((round) => round.with)} µs with and ${microseconds((round) => round.without)} µs without; ` +
      `quarters of the ratio ${at(0.25, ratio).toFixed(3)} to ${at(0.75, ratio).toFixed(3)}`,
  );
  table.add({ what, figure: at(0.5, ratio), goal: GOAL, atMost: true, digits: 3 });
}
