import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { TEXT } from '../../support/fixture';
import { emptyFloorCollection } from '../../support/floor-collection';
import { ServingAccount } from '../../support/serving-account';
import { median } from '../../support/statistics';
import { atApi, compareTalks, type Bench } from '../bench';
import { addBesidePeer, PEER_TEXT } from '../beside-peer';
import { pairsOf } from '../pairs';
import { described, msPerSend, noteCpu } from '../shown';

const PAIRS = 25;
const MANY_PAIRS = 200;
const SECONDS = 8;
const API_MS_PER_SEND = 0.2;

/** 25 pairs, counted as a peer's clients count: the next message is sent when the other of the pair has received the one before. */
export async function pairsUntilReceived(bench: Bench): Promise<void> {
  bench.table.heading('25 direct conversations, the first of each pair sending as fast as the other receives');
  const crowd = await atApi(bench, await pairsOf(bench, PAIRS));
  const talk = { seconds: SECONDS, senders: PAIRS, text: PEER_TEXT, receivedAt: PAIRS };
  const [ours] = await compareTalks(bench, [crowd], talk);
  await crowd.close();
  bench.table.note(`ours  ${described(ours!)}`);
  noteCpu(bench.table, ours!);
  const figure = ours!.acceptedPerSecond;
  addBesidePeer(bench, { what: 'accepted/s', figure, digits: 0, mode: 'one25', of: 'acceptedPerSecond', goal: 0.8 });
}

/** 200 pairs, the first of each sending. */
export async function directChats(bench: Bench): Promise<void> {
  bench.table.heading('200 direct conversations, the first of each pair sending as fast as it is answered');
  const seats = await pairsOf(bench, MANY_PAIRS);
  await emptyFloorCollection(bench.engines.mongodbUri);
  const crowd = await atApi(bench, seats);
  const before = await rawInserts(bench);
  const [ours] = await compareTalks(bench, [crowd], { seconds: SECONDS, senders: MANY_PAIRS, text: TEXT });
  const rounds = [before, await rawInserts(bench), await rawInserts(bench)];
  const raw = median(rounds.map(({ perSecond }) => perSecond));
  await crowd.close();
  bench.table.note(`ours  ${described(ours!)}`);
  noteCpu(bench.table, ours!);
  bench.table.note(`raw   ${raw.toFixed(0)} insertOne/s, as many at once`);
  const ofRaw = (role: string) => (1000 * median(rounds.map(({ cpu, count }) => (cpu[role] ?? 0) / count))).toFixed(3);
  bench.table.note(`CPU of an insert: gateway ${ofRaw('gateway')} ms, postgres ${ofRaw('postgres')} ms`);
  const { acceptedPerSecond, totals } = ours!;
  bench.table.add({ what: 'accepted per second', figure: acceptedPerSecond, digits: 0 });
  const ratio = acceptedPerSecond / raw;
  bench.table.add({ what: 'accepted, of raw inserts of one message each (aim: 0.8)', figure: ratio, goal: 0.6 });
  const { api } = msPerSend(totals);
  bench.table.add({ what: 'CPU of the api, ms per send', figure: api, goal: API_MS_PER_SEND, atMost: true, digits: 3 });
}

async function rawInserts({ engines }: Bench) {
  const account = new ServingAccount(engines.roles);
  const child = fork(join(__dirname, '../raw-inserts.js'), [engines.mongodbUri, String(MANY_PAIRS), String(SECONDS)]);
  const [{ count, perSecond }] = (await once(child, 'message')) as [{ count: number; perSecond: number }];
  return { count, perSecond, ...account.close() };
}
