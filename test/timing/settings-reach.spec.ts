import type { Job } from 'bullmq';
import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { waitFor } from '../../tools/stack';
import { TenantFiles } from '../support/media/tenant-files';
import { TestSystem, type TestTenant } from '../support/test-system';

const WITHIN_MS = 2_000;
const APIS = [0, 1];
const WORKERS = 2;
const system = new TestSystem('error', {}, ['api', 'api', 'worker', 'worker']);
let open: Awaited<ReturnType<typeof TenantFiles.opener>>;
let redis: Redis;
let media: Queue;

beforeAll(async () => {
  await system.start();
  open = await TenantFiles.opener(system);
  redis = new Redis(process.env['REDIS_URL']!, { maxRetriesPerRequest: null });
  media = new Queue('media', { connection: redis as never });
});

afterAll(async () => {
  await open?.close();
  await media?.close();
  redis?.disconnect();
  await system.stop();
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

/** Asks each api again and again from now on. @returns after how many ms each one answered by the new setting */
function reachApis(tenant: TestTenant, from: number, maxFileBytes: number): Promise<number[]> {
  return Promise.all(
    APIS.map(async (process) => {
      await waitFor(`api ${process} to know`, 10_000, async () => {
        const { headers } = await tenant.server(process).raw('OPTIONS', '/v1/files/uploads');
        return headers.get('tus-max-size') === String(maxFileBytes);
      });
      return Math.round(performance.now() - from);
    }),
  );
}

it.each(['free', 'pro', 'enterprise'] as const)(
  'a change of settings reaches two apis and two workers within two seconds (%s)',
  async (tier) => {
    const tenant = await system.tenant(tier);
    const files = open.of(tenant, tier);
    const seenBy = async (ids: string[]) => new Set((await done(ids)).map(({ worker }) => worker)).size;
    const before = await filesWhile(files, async (ids) => (await seenBy(ids)) === WORKERS);
    await files.settled();

    const [patched, from] = [Date.now(), performance.now()];
    const setting = tenant
      .server()
      .patch('/v1/settings', { media: { max_file_bytes: 777, allowed_types: ['image/*'] } });
    const apis = setting.then(() => reachApis(tenant, from, 777));
    const isRejected = async (id: string) =>
      (await files.rows('files')).find(({ _id }) => _id.toHexString() === id)!['status'] === 'rejected';
    const after = await filesWhile(files, async (ids) => {
      const jobs = await done(ids);
      const late = jobs.filter(({ began }) => began > patched + WITHIN_MS);
      return new Set(late.map(({ worker }) => worker)).size === WORKERS && (await isRejected(late[0]!.id));
    });
    await files.settled();
    const status = new Map((await files.rows('files')).map(({ _id, status }) => [_id.toHexString() as string, status]));
    const byWorker = Map.groupBy(await done(after), ({ worker }) => worker);
    const workers = [...byWorker.values()].map((jobs) => {
      const old = jobs.filter(({ id }) => status.get(id) === 'ready').map(({ began }) => began - patched);
      return Math.max(0, ...old);
    });
    console.info(
      `${tier}: reached the apis after ${(await apis).join(' and ')} ms; the workers began by the old for ${workers.join(' and ')} ms`,
    );
    expect(before.map((id) => status.get(id))).toEqual(before.map(() => 'ready'));
    expect(workers).toHaveLength(WORKERS);
    for (const ms of [...(await apis), ...workers]) expect(ms).toBeLessThan(WITHIN_MS);
  },
  120_000,
);
