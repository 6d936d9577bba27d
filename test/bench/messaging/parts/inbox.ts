import { Caller, type ConversationState, type PageOf } from '#caas/testing';
import { percentile } from '../../support/statistics';
import type { Bench } from '../bench';
import { inParallel, Population } from '../../support/population';

const CONVERSATIONS = 1_000;
const PEERS = 50;
const LOOKS = 200;
const READ_MENTIONS = 3_000;

/**
 * Somebody in 1,000 conversations looks at their inbox. In none have they read the newest message, which mentions them; in one of
 * them they were mentioned 3,000 times before. Between two looks at the first page one of its conversations goes on.
 */
export async function inbox(bench: Bench): Promise<void> {
  const { table, api, platformKey } = bench;
  table.heading('The inbox of a user in 1,000 conversations');
  const population = await Population.found(api.url, platformKey);
  const [[reader], peers] = [await population.people('reader', 1), await population.people('peer', PEERS)];
  const rooms = await inParallel(CONVERSATIONS, (at) => population.room([peers[at % PEERS]!, reader!]));
  const say = (at: number) => population.say(rooms[at]!, peers[at % PEERS]!, 'Have you read this?', [reader!.name]);
  const last = CONVERSATIONS - 1;
  await inParallel(READ_MENTIONS, () => say(last));
  await population.read(rooms[last]!, reader!, READ_MENTIONS);
  await inParallel(CONVERSATIONS, say);
  let cursor: string | null = null;
  const all = await looks(CONVERSATIONS / 20, async () => (cursor = await page(api.url, reader!.token, cursor)));
  const still = await looks(LOOKS, () => page(api.url, reader!.token, null));
  const first: number[] = [];
  for (let at = 0; at < LOOKS; at += 1) {
    const room = CONVERSATIONS - 1 - (at % 20);
    await population.say(rooms[room]!, peers[room % PEERS]!, 'And this?', []);
    first.push(...(await looks(1, () => page(api.url, reader!.token, null))));
  }
  const shown = (took: number[]) =>
    `p50 ${percentile(took, 0.5).toFixed(1)} p99 ${percentile(took, 0.99).toFixed(1)} ms`;
  table.note(`every page for the first time: ${shown(all)}; the first page again, nothing new: ${shown(still)}`);
  table.note(`the first page of 20 after a message in one of them: ${shown(first)}`);
  table.add({
    what: 'the first page with its unread counts, p50 ms',
    figure: percentile(first, 0.5),
    goal: 30,
    atMost: true,
  });
}

async function looks(count: number, look: () => Promise<unknown>): Promise<number[]> {
  const took: number[] = [];
  for (let at = 0; at < count; at += 1) {
    const start = performance.now();
    await look();
    took.push(performance.now() - start);
  }
  return took;
}

/** @returns the cursor of the next page */
async function page(url: string, token: string, cursor: string | null): Promise<string | null> {
  const path = `/v1/conversations?limit=20${cursor === null ? '' : `&cursor=${cursor}`}`;
  const { data, page } = await new Caller(url, token).read<PageOf<ConversationState>>(path);
  if (data.length !== 20 || data.some((row) => row.unread_count < 1 || row.unread_mentions !== 1))
    throw new Error('a page is not right');
  return page.next_cursor;
}
