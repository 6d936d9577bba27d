import { MongoClient, ObjectId, type Db } from 'mongodb';
import { Caller, type PageOf } from '#caas/testing';
import { Population } from '../../support/population';
import { TEXT } from '../../support/fixture';
import { percentile } from '../../support/statistics';
import { startServer } from '../../support/servers';
import type { Bench } from '../bench';

const POSTS = 100_000;
const AUTHORS = 5_000;
const FRIENDS = 500;
const FEW_FRIENDS = 3;
const AT_ONCE = 2_000;
const LOOKS = 100;
const SPAN_S = 100 * 24 * 60 * 60;
const NOWHERE_NEAR_NOW_S = 60;

type Visibility = 'public' | 'friends' | 'private';

/** Pages of the feed in a tenant with 100,000 posts of 5,000 authors, for readers with many and with few friends. */
export async function feed(bench: Bench): Promise<void> {
  const { table, platformKey, engines, env } = bench;
  table.heading('The feed among 100,000 posts of 5,000 authors');
  const api = await startServer('apps/api/src/main.js', env);
  const client = await new MongoClient(engines.mongodbUri).connect();
  try {
    const usual = await world(client, api.url, platformKey, ['public', 'friends', 'friends', 'private']);
    let cursor: string | null = null;
    const all = await looks(LOOKS, async () => (cursor = await page(api.url, usual.popular, cursor)));
    // After the others: the engine is still busy with what was just loaded.
    const first = await looks(LOOKS, () => page(api.url, usual.popular, null));
    const reels = await looks(LOOKS, () => page(api.url, usual.popular, null, '&kind=reel'));
    const few = await looks(LOOKS, () => page(api.url, usual.lonely, null));
    table.note(
      `500 friends: first page ${shown(first)}; the first 100 pages in turn ${shown(all)}; reels ${shown(reels)}`,
    );
    table.note(`3 friends: first page ${shown(few)}`);
    const closed = await world(client, api.url, platformKey, ['friends']);
    const worst = await looks(LOOKS / 5, () => page(api.url, closed.lonely, null));
    table.note(`3 friends in a tenant where nothing is public: first page ${shown(worst)}`);
    table.add({ what: 'a page with 500 friends, p50 ms', figure: percentile(first, 0.5), goal: 50, atMost: true });
    table.add({
      what: 'the same where nothing is public, 3 friends',
      figure: percentile(worst, 0.5),
      goal: 300,
      atMost: true,
    });
  } finally {
    await client.close();
    await api.stop();
  }
}

/** @returns the tokens of two readers, one with many friends and one with few */
async function world(client: MongoClient, url: string, platformKey: string, visibilities: Visibility[]) {
  const population = await Population.found(url, platformKey);
  const [popular, lonely] = await population.people('reader', 2);
  const db = client.db('caas_shared');
  const common = () => {
    const now = new Date();
    return { tenant_id: population.tenantId, created_at: now, updated_at: now, deleted_at: null, __v: 0 };
  };
  const authors = Array.from({ length: AUTHORS }, (_, at) => ({
    user_id: new ObjectId(),
    user_external_id: `author-${at}`,
    user_display_name: `Author ${at}`,
  }));
  await inBatches(db, 'users', AUTHORS, (at) => ({
    ...common(),
    _id: authors[at]!.user_id,
    external_id: authors[at]!.user_external_id,
    display_name: authors[at]!.user_display_name,
    name_key: authors[at]!.user_display_name.toLowerCase(),
    avatar_file_id: null,
    metadata: {},
    status: 'active',
    last_seen_at: null,
    renamed_at: null,
    quiet_updates: 0,
  }));
  const startS = Math.floor(Date.now() / 1000) - SPAN_S - NOWHERE_NEAR_NOW_S;
  await inBatches(db, 'posts', POSTS, (at) => ({
    ...common(),
    _id: idAt(startS + Math.floor((SPAN_S * at) / POSTS), population.tenantId, at),
    author: authors[(at * 7919) % AUTHORS],
    kind: at % 10 === 0 ? 'reel' : 'post',
    text: TEXT,
    file_ids: [],
    // By another number than the author, so that each has some of all.
    visibility: visibilities[(at >> 3) % visibilities.length],
    metadata: null,
    reaction_counts: {},
    view_count: 0,
    edition: 0,
    edited_at: null,
    expires_at: null,
  }));
  for (const [reader, count] of [
    [popular!, FRIENDS],
    [lonely!, FEW_FRIENDS],
  ] as const) {
    const row = await db.collection('users').findOne({ tenant_id: population.tenantId, external_id: reader.name });
    const user = { user_id: row!._id, user_external_id: reader.name, user_display_name: reader.name };
    const friendship = { type: 'friend', status: 'accepted', requested: true };
    await inBatches(db, 'user_relationships', count, (at) => ({
      ...common(),
      user,
      target: authors[at],
      ...friendship,
    }));
  }
  return { popular: popular!.token, lonely: lonely!.token };
}

async function inBatches(db: Db, collection: string, count: number, row: (at: number) => object): Promise<void> {
  for (let at = 0; at < count; at += AT_ONCE) {
    const rows = Array.from({ length: Math.min(AT_ONCE, count - at) }, (_, offset) => row(at + offset));
    await db.collection(collection).insertMany(rows);
  }
}

/** An id of that second; of two tenants they differ, because ids are unique across the shared collection. */
function idAt(second: number, tenantId: string, serial: number): ObjectId {
  const tenant = Buffer.from(tenantId.slice(-4)).toString('hex');
  return new ObjectId(`${second.toString(16).padStart(8, '0')}${tenant}${serial.toString(16).padStart(8, '0')}`);
}

const shown = (took: number[]) => `p50 ${percentile(took, 0.5).toFixed(1)} p99 ${percentile(took, 0.99).toFixed(1)} ms`;

async function looks(count: number, look: () => Promise<unknown>): Promise<number[]> {
  for (let warm = 0; warm < 5; warm += 1) await look();
  const took: number[] = [];
  for (let at = 0; at < count; at += 1) {
    const start = performance.now();
    await look();
    took.push(performance.now() - start);
  }
  return took;
}

/** @returns the cursor of the next page */
async function page(url: string, token: string, cursor: string | null, more = ''): Promise<string | null> {
  const path = `/v1/posts?limit=20${cursor === null ? '' : `&cursor=${cursor}`}${more}`;
  const { data, page } = await new Caller(url, token).read<PageOf<object>>(path);
  if (data.length !== 20) throw new Error(`a page has ${data.length} posts`);
  return page.next_cursor;
}
