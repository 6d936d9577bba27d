import { TEXT } from '../../support/fixture';
import { Population } from '../../support/population';
import { atApi, atBare, compareTalks, type Bench } from '../bench';
import { addBesidePeer, PEER_TEXT } from '../beside-peer';
import type { Seat, Talk } from '../clients';
import { described, noteCpu } from '../shown';

const MEMBERS = 50;
const SECONDS = 8;
/** As a peer's clients count in a room: a message is answered when it comes back to its sender as to every other member. */
const BACK_AT_SENDER = 0;

/** 50 members of one room, all of them sending as fast as they are answered. */
export async function hotRoom(bench: Bench): Promise<void> {
  bench.table.heading('One room of 50, all 50 sending as fast as their messages come back to them');
  const talk = { seconds: SECONDS, senders: MEMBERS, text: PEER_TEXT, receivedAt: BACK_AT_SENDER };
  const [ours, floor] = await inOneRoom(bench, MEMBERS, 1, talk);
  bench.table.add({ what: 'accepted per second', figure: ours.acceptedPerSecond, goal: 1200, digits: 0 });
  const ratio = ours.acceptedPerSecond / floor.acceptedPerSecond;
  bench.table.add({ what: 'accepted, of a bare socket.io server that keeps nothing', figure: ratio, goal: 0.85 });
  bench.table.add({ what: 'accepted per CPU-second', figure: ours.acceptedPerCpuSecond, goal: 1100, digits: 0 });
  bench.table.add({ what: 'deliveries per second', figure: ours.deliveriesPerSecond, goal: 60_000, digits: 0 });
  const figure = ours.acceptedPerSecond;
  addBesidePeer(bench, { what: 'accepted/s', figure, digits: 0, mode: 'muc50', of: 'acceptedPerSecond' });
}

export async function steadyRoom(bench: Bench): Promise<void> {
  bench.table.heading('One room of 50, 50 messages a second together');
  const talk = { seconds: SECONDS, senders: MEMBERS, perSecond: 50, text: PEER_TEXT };
  const [ours] = await inOneRoom(bench, MEMBERS, 1, talk);
  const { p50, p99 } = ours.deliveredMs;
  const compared = { mode: 'rate50', of: 'p50', goal: 1, atMost: true } as const;
  addBesidePeer(bench, { what: 'from sending to each member, p50 ms', figure: p50, ...compared });
  bench.table.add({ what: 'from sending to each member, p99 ms', figure: p99, goal: 10, atMost: true });
}

export async function oneSender(bench: Bench): Promise<void> {
  bench.table.heading('One room of 50, one sender with one message in flight');
  const talk = { seconds: SECONDS, senders: 1, text: PEER_TEXT, receivedAt: BACK_AT_SENDER };
  const [ours, floor] = await inOneRoom(bench, MEMBERS, 1, talk);
  const figure = ours.acceptedPerSecond;
  bench.table.add({
    what: 'accepted, of a bare socket.io server',
    figure: figure / floor.acceptedPerSecond,
    goal: 0.4,
  });
  addBesidePeer(bench, { what: 'accepted/s', figure, digits: 0, mode: 'muc1', of: 'acceptedPerSecond', goal: 1 });
}

export async function thousandClients(bench: Bench): Promise<void> {
  bench.table.heading('One room of 500 on two devices each: 1,000 clients, 20 of them sending');
  const [ours, floor] = await inOneRoom(bench, 500, 2, { seconds: SECONDS, senders: 20, text: TEXT });
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
  const [ours, floor] = await compareTalks(bench, crowds, talk);
  for (const crowd of crowds) await crowd.close();
  bench.table.note(`ours  ${described(ours!)}`);
  bench.table.note(`bare  ${described(floor!)}`);
  noteCpu(bench.table, ours!);
  return [ours!, floor!] as const;
}
