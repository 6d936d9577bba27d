import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { TEXT } from '../../support/fixture';
import { emptyFloorCollection } from '../../support/floor-collection';
import { median } from '../../support/statistics';
import { atApi, compareTalks, described, type Bench } from '../bench';
import { inParallel, Population } from '../../support/population';

const CONVERSATIONS = 200;
const SECONDS = 8;
const EJABBERD_PER_SECOND = 1703;

/** 200 pairs, the first of each sending. */
export async function directChats(bench: Bench): Promise<void> {
  bench.table.heading('200 direct conversations, the first of each pair sending as fast as it is answered');
  const population = await Population.found(bench.api.url, bench.platformKey);
  const [senders, readers] = [
    await population.people('one', CONVERSATIONS),
    await population.people('two', CONVERSATIONS),
  ];
  const ids = await inParallel(CONVERSATIONS, (at) => population.direct(senders[at]!, readers[at]!));
  const seats = [senders, readers].flatMap((people) =>
    people.map(({ token }, at) => ({ token, conversationId: ids[at]! })),
  );
  await emptyFloorCollection(bench.engines.mongodbUri);
  const crowd = await atApi(bench, seats);
  const before = await rawInserts(bench);
  const [ours] = await compareTalks([crowd], { seconds: SECONDS, senders: CONVERSATIONS, text: TEXT });
  const raw = median([before, await rawInserts(bench), await rawInserts(bench)]);
  await crowd.close();
  bench.table.note(`ours  ${described(ours!)}`);
  bench.table.note(`raw   ${raw.toFixed(0)} insertOne/s, as many at once`);
  const { acceptedPerSecond } = ours!;
  bench.table.add({ what: 'accepted, of raw inserts of one message each', figure: acceptedPerSecond / raw, goal: 0.8 });
  bench.table.add({ what: 'accepted per second', figure: acceptedPerSecond, goal: EJABBERD_PER_SECOND, digits: 0 });
}

async function rawInserts({ engines }: Bench): Promise<number> {
  const child = fork(join(__dirname, '../raw-inserts.js'), [
    engines.mongodbUri,
    String(CONVERSATIONS),
    String(SECONDS),
  ]);
  const [{ perSecond }] = (await once(child, 'message')) as [{ perSecond: number }];
  return perSecond;
}
