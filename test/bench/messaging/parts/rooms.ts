import { TEXT } from '../../support/fixture';
import { atApi, atBare, compareTalks, described, type Bench } from '../bench';
import type { Seat, Talk } from '../clients';
import { Population } from '../../support/population';

const MEMBERS = 50;
const SECONDS = 8;

/** 50 members of one room, all of them sending as fast as they are answered. */
export async function hotRoom(bench: Bench): Promise<void> {
  bench.table.heading('One room of 50, all 50 sending as fast as they are answered');
  const [ours, floor] = await inOneRoom(bench, MEMBERS, 1, { seconds: SECONDS, senders: MEMBERS, text: TEXT });
  bench.table.note(`ours  ${described(ours)}`);
  bench.table.note(`bare  ${described(floor)}`);
  bench.table.add({ what: 'accepted per second', figure: ours.acceptedPerSecond, goal: 1200, digits: 0 });
  const ratio = ours.acceptedPerSecond / floor.acceptedPerSecond;
  bench.table.add({ what: 'accepted, of a bare socket.io server that keeps nothing', figure: ratio, goal: 0.55 });
  bench.table.add({ what: 'accepted per CPU-second', figure: ours.acceptedPerCpuSecond, goal: 1100, digits: 0 });
  bench.table.add({ what: 'deliveries per second', figure: ours.deliveriesPerSecond, goal: 60_000, digits: 0 });
}

export async function steadyRoom(bench: Bench): Promise<void> {
  bench.table.heading('One room of 50, 50 messages a second together');
  const talk = { seconds: SECONDS, senders: MEMBERS, perSecond: 50, text: TEXT };
  const [ours, floor] = await inOneRoom(bench, MEMBERS, 1, talk);
  const { p50, p99 } = ours.deliveredMs;
  bench.table.note(
    `bare  delivered p50 ${floor.deliveredMs.p50.toFixed(2)} p99 ${floor.deliveredMs.p99.toFixed(2)} ms`,
  );
  bench.table.add({ what: 'from sending to each member, p50 ms', figure: p50, goal: 4, atMost: true });
  bench.table.add({ what: 'from sending to each member, p99 ms', figure: p99, goal: 15, atMost: true });
}

export async function oneSender(bench: Bench): Promise<void> {
  bench.table.heading('One room of 50, one sender with one message in flight');
  const [ours, floor] = await inOneRoom(bench, MEMBERS, 1, { seconds: SECONDS, senders: 1, text: TEXT });
  bench.table.note(`ours  ${described(ours)}`);
  bench.table.note(`bare  ${described(floor)}`);
  const figure = ours.acceptedPerSecond / floor.acceptedPerSecond;
  bench.table.add({ what: 'accepted, of a bare socket.io server', figure, goal: 0.4 });
}

export async function thousandClients(bench: Bench): Promise<void> {
  bench.table.heading('One room of 500 on two devices each: 1,000 clients, 20 of them sending');
  const [ours, floor] = await inOneRoom(bench, 500, 2, { seconds: SECONDS, senders: 20, text: TEXT });
  bench.table.note(`ours  ${described(ours)}`);
  bench.table.note(`bare  ${described(floor)}`);
  const figure = ours.deliveriesPerSecond / floor.deliveriesPerSecond;
  bench.table.add({ what: 'deliveries, of a bare socket.io server', figure, goal: 0.85 });
}

async function inOneRoom(bench: Bench, members: number, devices: number, talk: Talk) {
  const population = await Population.found(bench.api.url, bench.platformKey);
  const people = await population.people('member', members);
  const conversationId = await population.room(people);
  const seats: Seat[] = Array.from({ length: devices }, () =>
    people.map(({ token }) => ({ token, conversationId })),
  ).flat();
  const crowds = [await atApi(bench, seats), await atBare(bench, seats)];
  const [ours, floor] = await compareTalks(crowds, talk);
  for (const crowd of crowds) await crowd.close();
  return [ours!, floor!] as const;
}
