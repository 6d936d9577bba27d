import { Caller, type MessageState, type PageOf } from '#caas/testing';
import { TEXT } from '../../support/fixture';
import { percentile } from '../../support/statistics';
import { atApi, compareTalks, type Bench } from '../bench';
import { writeHistory } from '../long-history';
import { Population } from '../../support/population';
import { described, noteCpu } from '../shown';

const LONG = 1_000_000;
const SHORT = 1_000;
const MEMBERS = 50;
const SECONDS = 8;
const PAGES = 300;

/** What a million stored messages cost those who send, and those who read. */
export async function longHistory(bench: Bench): Promise<void> {
  const { table, engines } = bench;
  table.heading('A conversation of 1,000,000 messages');
  const population = await Population.found(bench.api.url, bench.platformKey);
  const people = await population.people('member', MEMBERS);
  const [long, short, empty] = [
    await population.room(people),
    await population.room(people),
    await population.room(people),
  ];
  const start = Date.now();
  await writeHistory(engines.mongodbUri, population.tenantId, long, LONG);
  await writeHistory(engines.mongodbUri, population.tenantId, short, SHORT);
  table.note(`written in ${((Date.now() - start) / 1000).toFixed(0)} s`);

  const pages = { limit: 20, token: people[0]!.token, url: bench.api.url };
  const newest = await comparePages(pages, [
    { conversation: long, selector: '' },
    { conversation: short, selector: '' },
  ]);
  table.note(`newest page: p50 ${newest[0]!.toFixed(2)} ms, of 1,000 messages ${newest[1]!.toFixed(2)} ms`);
  table.add({
    what: 'page of 20, of the same from 1,000 messages',
    figure: newest[0]! / newest[1]!,
    goal: 1.2,
    atMost: true,
  });
  const middle = await comparePages(pages, [
    { conversation: long, selector: `&before_seq=${LONG / 2}` },
    { conversation: short, selector: `&before_seq=${SHORT / 2}` },
  ]);
  table.note(`middle page: p50 ${middle[0]!.toFixed(2)} ms, of 1,000 messages ${middle[1]!.toFixed(2)} ms`);
  table.add({ what: 'page of 20 in the middle, likewise', figure: middle[0]! / middle[1]!, goal: 1.2, atMost: true });

  const crowds = await Promise.all(
    [long, empty].map((conversationId) =>
      atApi(
        bench,
        people.map(({ token }) => ({ token, conversationId })),
      ),
    ),
  );
  const [inLong, inEmpty] = await compareTalks(bench, crowds, { seconds: SECONDS, senders: MEMBERS, text: TEXT });
  for (const crowd of crowds) await crowd.close();
  table.note(`long   ${described(inLong!)}`);
  table.note(`empty  ${described(inEmpty!)}`);
  noteCpu(table, inLong!);
  const figure = inLong!.acceptedPerSecond / inEmpty!.acceptedPerSecond;
  table.add({ what: 'sends, of the rate into an empty room', figure, goal: 0.95 });
}

/** The p50 of each kind of page, asked for in turn. */
async function comparePages(
  { url, token, limit }: { url: string; token: string; limit: number },
  kinds: { conversation: string; selector: string }[],
): Promise<number[]> {
  const reader = new Caller(url, token);
  const took: number[][] = kinds.map(() => []);
  for (let page = 0; page < PAGES; page += 1) {
    for (const [at, { conversation, selector }] of kinds.entries()) {
      const start = performance.now();
      const path = `/v1/conversations/${conversation}/messages?limit=${limit}${selector}`;
      const { data } = await reader.read<PageOf<MessageState>>(path);
      took[at]!.push(performance.now() - start);
      if (data.length !== limit) throw new Error(`a page had ${data.length} messages`);
    }
  }
  return took.map((each) => percentile(each, 0.5));
}
