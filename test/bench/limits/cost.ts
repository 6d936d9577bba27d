import { CrowdProcess } from '../messaging/crowd';
import { Population, type Person } from '../messaging/population';
import { TEXT } from '../support/fixture';
import { measure, type Contender } from '../support/measure';
import type { Server } from '../support/servers';
import { percentile } from '../support/statistics';
import type { LimitsBench } from './bench';

const ROUNDS = 15;
const SECONDS = 3;
const USERS = 50;
const SENDERS = 20;
const MESSAGES = 40;
/** At least so much of what is done without limits. */
const GOAL = 0.97;

/** Twice what each user comes to here, so that windows are short and what is fetched ahead is little, as in earnest. */
const LIMITS = {
  reads_per_minute: 300_000,
  sends_per_minute: 300_000,
  writes_per_minute: 300_000,
  user_reads_per_minute: 6_000,
  user_sends_per_minute: 12_000,
};

/** What a call costs with limits, of what it costs without: by CPU time of the api and its engines, in turns. */
export async function cost({ table, platformKey, enginePids, start }: LimitsBench): Promise<void> {
  table.heading(
    `With and without limits, ${ROUNDS} times ${SECONDS} s each in turn; calls per CPU-second of api and engines`,
  );
  const limited = await start();
  const unlimited = await start({ RATE_LIMITS: 'false' });
  const pidsOf = ({ pid }: Server) => [pid, ...enginePids];

  const population = await Population.found(unlimited.url, platformKey, { limits: LIMITS });
  const people = await population.people('reader', USERS);
  const conversationId = await population.room(people);
  for (let said = 0; said < MESSAGES; said += 1) await population.say(conversationId, people[0]!, TEXT);
  const contender = (name: string, server: Server, path: string): Contender => ({
    name,
    pids: pidsOf(server),
    load: {
      url: server.url,
      connections: 32,
      seconds: SECONDS,
      requests: people.map(({ token }) => ({ method: 'GET' as const, path, token })),
    },
  });
  for (const [what, path] of [
    ['GET of a page of 20 messages', `/v1/conversations/${conversationId}/messages?limit=20`],
    ['GET of oneself, which costs least', '/v1/users/me'],
  ] as const) {
    const [on, off] = [contender(`${what}, limited`, limited, path), contender(`${what}, unlimited`, unlimited, path)];
    const rate = async (each: Contender) => (await measure(each)).perCpuSecond;
    await report(
      table,
      what,
      () => rate(on),
      () => rate(off),
    );
  }

  const rooms = await Promise.all(
    [limited, unlimited].map((server) => roomAt(server, unlimited, platformKey, pidsOf(server))),
  );
  const talk = { seconds: SECONDS, senders: SENDERS, text: TEXT };
  const [on, off] = rooms.map((crowd) => async () => {
    const { accepted, cpuSeconds } = await crowd.talk(talk);
    return accepted / cpuSeconds;
  });
  await report(table, 'message.send over sockets, a room of 20', on!, off!);
  for (const crowd of rooms) await crowd.close();
}

async function roomAt(server: Server, maker: Server, platformKey: string, pids: number[]): Promise<CrowdProcess> {
  const population = await Population.found(maker.url, platformKey, { limits: LIMITS });
  const people: Person[] = await population.people('sender', SENDERS);
  const conversationId = await population.room(people);
  const seats = people.map(({ token }) => ({ token, conversationId }));
  return CrowdProcess.seat({ url: server.url, seats }, pids);
}

/** Each round has both, the one first in even rounds and the other in odd ones; what counts is the ratio within a round. */
async function report(
  table: LimitsBench['table'],
  what: string,
  on: () => Promise<number>,
  off: () => Promise<number>,
): Promise<void> {
  await on();
  await off();
  const ratios: number[] = [];
  const rates: [number[], number[]] = [[], []];
  for (let round = 0; round < ROUNDS; round += 1) {
    const first = round % 2 === 0 ? await on() : await off();
    const second = round % 2 === 0 ? await off() : await on();
    const [limited, unlimited] = round % 2 === 0 ? [first, second] : [second, first];
    ratios.push(limited / unlimited);
    rates[0].push(limited);
    rates[1].push(unlimited);
  }
  const at = (values: number[], part: number) => percentile(values, part);
  table.note(
    `${what}: ${at(rates[0], 0.5).toFixed(0)} with and ${at(rates[1], 0.5).toFixed(0)} without; ` +
      `quarters of the ratio ${at(ratios, 0.25).toFixed(3)} to ${at(ratios, 0.75).toFixed(3)}`,
  );
  table.add({ what, figure: at(ratios, 0.5), goal: GOAL, digits: 3 });
}
