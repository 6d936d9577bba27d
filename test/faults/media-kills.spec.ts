import { ObjectId } from 'bson';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { coloredPdf } from '../support/media/pdfs';
import { photograph, testVideo } from '../support/media/samples';
import { PROCESSING_STEPS } from '#caas/domain/media';
import { TenantFiles } from '../support/media/tenant-files';
import { TestSystem, type TestTenant } from '../support/test-system';

/** Workers start again and again, which a machine with other work to do takes its time for. */
jest.setTimeout(300_000);
/** A lease, and then the sweep of the outbox: where a file is left to itself, so long may it take. */
const LEFT_TO_ITSELF_MS = 120_000;

const system = new TestSystem('fatal');
let open: Awaited<ReturnType<typeof TenantFiles.opener>>;
let tenant: TestTenant;
let files: TenantFiles;

beforeAll(async () => {
  await system.start();
  open = await TenantFiles.opener(system);
  tenant = await system.tenant('pro');
  files = open.of(tenant, 'pro');
});

afterAll(async () => {
  await open?.close();
  await system.stop();
});

/** Has the job come again now, as the queue and the outbox would have it in half a minute. */
async function again(id: ObjectId): Promise<void> {
  await files.expireLease(id);
  await files.process(id);
}

it('a worker killed after any step: the next one makes the file ready, once, and nothing is left over', async () => {
  const picture = await photograph('nagasaki-boats');
  const others: Partial<Record<(typeof PROCESSING_STEPS)[number], Buffer>> = {
    made: coloredPdf(['1 0 0']),
    'variant written': await testVideo({ size: '320x240' }),
  };
  const ids = PROCESSING_STEPS.map(() => new ObjectId());
  for (const [at, step] of PROCESSING_STEPS.entries()) {
    await system.startWorker({ KILL_AT: `${step}:${ids[at]!.toHexString()}` });
    if (at > 0) {
      await again(ids[at - 1]!);
      // Or what this worker still works on when it is killed in its turn waits for the end of another lease.
      await files.ended(ids[at - 1]!, LEFT_TO_ITSELF_MS);
    }
    // A byte of its own behind each: none shares the content of another.
    const own = Buffer.concat([others[step] ?? picture, Buffer.from([at])]);
    await files.upload({ _id: ids[at]!, name: step, bytes: own });
    await system.workerEnded();
    expect(await files.rows('outbox')).toContainEqual(
      expect.objectContaining({ payload: { file_id: ids[at]!.toHexString() } }),
    );
  }
  await system.startWorker();
  await again(ids.at(-1)!);
  for (const [at, id] of ids.entries()) {
    const { file, media } = await files.ended(id, LEFT_TO_ITSELF_MS);
    expect(file).toMatchObject({ name: PROCESSING_STEPS[at], status: 'ready', leased_until: null });
    expect(media).toMatchObject({ status: 'ready', object_prefix: files.prefixOf(id) });
  }
  await files.settled();
  const contents = await files.rows('media_metadata');
  expect(contents).toHaveLength(PROCESSING_STEPS.length);
  const named = contents.flatMap(({ object_prefix, variants }) =>
    (variants as { object: string }[]).map(({ object }) => `${object_prefix}/${object}`),
  );
  expect(await files.objects()).toEqual(named.sort());
  expect(await readdir(join(system.dataFolder, 'scratch'))).toEqual([]);
});

it('a file that brings three workers down has failed, with those that wait for the same bytes', async () => {
  const [id, bytes] = [new ObjectId(), await photograph('locomotion-house-cat')];
  const KILL_AT = `made:${id.toHexString()}`;
  await system.startWorker({ KILL_AT });
  await files.upload({ _id: id, name: 'poison', bytes });
  await system.workerEnded();
  const twin = await files.upload({ name: 'twin', bytes });
  for (let crashes = 1; crashes < 3; crashes += 1) {
    await system.startWorker({ KILL_AT });
    await again(id);
    await system.workerEnded();
  }
  await system.startWorker({ KILL_AT });
  await again(id);
  for (const each of [id, twin]) {
    const { file } = await files.ended(each, LEFT_TO_ITSELF_MS);
    expect(file).toMatchObject({ status: 'failed', problem: { code: 'processing_failed' }, media_id: null });
  }
  await files.settled();
  expect((await files.objects()).filter((key) => key.includes(id.toHexString()))).toEqual([]);
});

it('a worker without ffmpeg and poppler leaves videos for later, has no previews of PDFs, and does the rest', async () => {
  await system.startWorker({ FFMPEG_PATH: '/nowhere' });
  const video = await files.upload({ name: 'v.mp4', bytes: await testVideo({ size: '160x120' }) });
  const picture = await files.upload({ name: 'p.jpg', bytes: await photograph('allium-oreophilum') });
  const document = await files.upload({ name: 'd.pdf', bytes: coloredPdf(['0 1 0']) });
  expect((await files.ended(picture)).file.status).toBe('ready');
  const kept = await files.ended(document);
  expect(kept.file.status).toBe('ready');
  expect(kept.media).toMatchObject({ page_count: null, variants: [{ name: 'original' }] });
  expect(['uploaded', 'processing']).toContain((await files.file(video)).status);
  await system.startWorker();
  await again(video);
  expect((await files.ended(video)).file).toMatchObject({ status: 'ready' });
});
