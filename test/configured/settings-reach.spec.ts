import { Queue, type Job } from 'bullmq';
import { Redis } from 'ioredis';
import { OwnSystem, patient, TIERS, waitFor } from '#caas/testing';
import { CutLine } from '../support/cut-line';
import { TenantFiles } from '../support/media/tenant-files';
import { expectWithin, untilNew } from '../support/staleness';

const LIVE_WITHIN_MS = 2_000;
const APIS = [0, 1];
const WORKERS = 2;
const line = new CutLine(process.env['REDIS_URL']!);
let system: OwnSystem;
let open: Awaited<ReturnType<typeof TenantFiles.opener>>;
let redis: Redis;
let media: Queue;

beforeAll(async () => {
  const apps = ['api', 'api', 'worker', 'worker'] as const;
  system = new OwnSystem({ logLevel: 'fatal', environment: { REDIS_URL: await line.open() }, apps });
  await system.start();
  open = await TenantFiles.opener(system);
  redis = new Redis(process.env['REDIS_URL']!, { maxRetriesPerRequest: null });
  media = new Queue('media', { connection: redis as never });
});
afterAll(async () => {
  line.join();
  await open?.close();
  await media?.close();
  redis?.disconnect();
  await system?.stop();
  line.close();
});

/** One file after the other comes to the workers, until it is enough. @returns their ids, in their order */
async function filesWhile(files: TenantFiles, isEnough: (ids: string[]) => Promise<boolean>): Promise<string[]> {
  const ids: string[] = [];
  await waitFor('each worker to act by the new settings', 60_000, async () => {
    const bytes = Buffer.from(`text ${ids.length} ${Math.random()}`);
    ids.push((await files.upload({ name: 'a.txt', bytes })).toHexString());
    return ids.length % 5 === 0 && (await isEnough(ids));
  });
  return ids;
}

/** Which process did the jobs of these files, and when it began. */
async function done(ids: string[]): Promise<{ id: string; worker: string; began: number }[]> {
  const wanted = new Set(ids);
  const jobs = (await media.getCompleted(0, 1_000)) as (Job | undefined)[];
  return jobs.flatMap((job) => {
    const id = (job?.data as { file_id?: string } | undefined)?.file_id;
    return id && wanted.has(id) ? [{ id, worker: job!.processedBy!, began: job!.processedOn! }] : [];
  });
}

describe('A change of settings', () => {
  it.each(['starter', 'pro', 'enterprise'] as const)(
    'is live on both apis within two seconds, with Redis and without (%s)',
    async (tier) => {
      const tenant = await system.tenant(tier);
      await tenant.users('anna');
      const search = (api: number) => tenant.acting('anna', api).get('/v1/search/messages?q=x');
      const isAnswered = (status: number) => async (api: number) => (await search(api)).status === status;
      const enable = async (enabled: boolean) => {
        const { status } = await tenant.server().patch('/v1/settings', { search: { enabled } });
        expect(status).toBe(200);
      };
      for (const away of [false, true]) {
        await enable(true);
        await waitFor('it is on', 5_000, async () => (await Promise.all(APIS.map(isAnswered(200)))).every(Boolean));
        if (away) line.cut();
        try {
          await enable(false);
          const seen = await Promise.all(APIS.map((api) => untilNew('it is off', () => isAnswered(403)(api))));
          expectWithin(LIVE_WITHIN_MS, ...seen);
          expect(await search(1)).toMatchObject({ status: 403, body: { code: 'feature_disabled' } });
        } finally {
          line.join();
        }
      }
      await waitFor('Redis is back', 15_000, async () => (await fetch(`${tenant.urlOf(0)}/health/ready`)).ok);
    },
  );

  it.each(TIERS)('reaches two apis and two workers within two seconds (%s)', async (tier) => {
    const tenant = await system.tenant(tier);
    const files = open.of(tenant, tier);
    const seenBy = async (ids: string[]) => new Set((await done(ids)).map(({ worker }) => worker)).size;
    const before = await filesWhile(files, async (ids) => (await seenBy(ids)) === WORKERS);
    await files.settled();

    await tenant.server().patch('/v1/settings', { media: { max_file_bytes: 777, allowed_types: ['image/*'] } });
    const changed = Date.now();
    const apis = Promise.all(
      APIS.map((api) =>
        untilNew(`api ${api} knows`, async () => {
          const { headers } = await tenant.server(api).raw('OPTIONS', '/v1/files/uploads');
          return headers.get('tus-max-size') === '777';
        }),
      ),
    );
    const isRejected = async (id: string) =>
      (await files.rows('files')).find(({ _id }) => _id.toHexString() === id)!['status'] === 'rejected';
    const after = await filesWhile(files, async (ids) => {
      const jobs = await done(ids);
      const late = jobs.filter(({ began }) => began > changed + LIVE_WITHIN_MS);
      return new Set(late.map(({ worker }) => worker)).size === WORKERS && (await isRejected(late[0]!.id));
    });
    await files.settled();
    const status = new Map((await files.rows('files')).map(({ _id, status }) => [_id.toHexString() as string, status]));
    const byWorker = Map.groupBy(await done(after), ({ worker }) => worker);
    // When the last of a worker's jobs began that it did by the old.
    const workers = [...byWorker.values()].map((jobs) => {
      const old = jobs.filter(({ id }) => status.get(id) === 'ready').map(({ began }) => began - changed);
      return Math.max(0, ...old);
    });
    expect(before.map((id) => status.get(id))).toEqual(before.map(() => 'ready'));
    expect(workers).toHaveLength(WORKERS);
    const slowestMs = Math.max(...(await apis).map((api) => api.slowestMs));
    expectWithin(LIVE_WITHIN_MS, ...(await apis), ...workers.map((staleMs) => ({ staleMs, slowestMs })));
  });

  it('is known to two workers within two seconds', async () => {
    const tenant = await system.tenant('pro');
    await tenant.users('anna', 'ben');
    const anna = tenant.as('anna');
    const room = await tenant.room('anna', ['ben'], { type: 'direct' });
    // So far apart that some are left to be sent after the change.
    const [first, apartMs, count] = [Date.now() + patient(700), patient(50), 40];
    const ids = await Promise.all(
      Array.from({ length: count }, async (_, n) => {
        const message = { text: 'four', send_at: new Date(first + n * apartMs).toISOString() };
        return (await anna.post(`${room.path}/scheduled-messages`, message)).body.id as string;
      }),
    );
    const states = () => Promise.all(ids.map(async (id) => (await anna.get(`/v1/scheduled-messages/${id}`)).body));
    await waitFor('some are sent', 15_000, async () => (await anna.get(room.path)).body.last_seq >= 5);
    await tenant.server().patch('/v1/settings', { messages: { max_text_length: 3 } });
    const changed = Date.now();
    const settled = (all: { state: string }[]) => all.every(({ state }) => state === 'sent' || state === 'failed');
    await waitFor('all are settled', 30_000, async () => settled(await states()));
    const all = await states();
    const failed = all.filter(({ state }) => state === 'failed');
    expect(failed.length).toBeGreaterThan(0);
    for (const { failed_because } of failed) expect(failed_because).toBe('text_too_long');
    const { body: page } = await anna.get(`${room.path}/messages?limit=100`);
    const stored = (page.data as { created_at: string }[])
      .map(({ created_at }) => Date.parse(created_at))
      .sort((a, b) => a - b);
    // How late this machine was: the messages are stored in the order in which they were due.
    const slowestMs = Math.max(...stored.map((at, n) => at - (first + n * apartMs)));
    expectWithin(LIVE_WITHIN_MS, { staleMs: stored.at(-1)! - changed, slowestMs });
  });
});
