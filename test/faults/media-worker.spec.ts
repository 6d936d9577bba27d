import { ObjectId } from 'bson';
import { readdir } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PROCESSING_STEPS } from '#caas/domain/media/testing';
import { ownSystem, patient, waitFor } from '#caas/testing';
import { ClamdStandIn } from '../support/media/clamd-stand-in';
import { hostileFiles } from '../support/media/hostile';
import { coloredPdf } from '../support/media/pdfs';
import { EICAR, photograph, testVideo } from '../support/media/samples';
import { TenantFiles, type Upload } from '../support/media/tenant-files';

/** Workers start again and again, which takes its time. */
jest.setTimeout(patient(150_000));
/** A lease, and then the sweep of the outbox: where a file is left to itself, so long may it take. */
const LEFT_TO_ITSELF_MS = 120_000;

const scanner = new ClamdStandIn(join(tmpdir(), `caas-clamd-${process.pid}`));
const system = ownSystem({
  logLevel: 'fatal',
  apps: ['api', 'worker'],
  environment: async () => {
    await scanner.start();
    return { CLAMAV_SOCKET: scanner.path };
  },
});
let open: Awaited<ReturnType<typeof TenantFiles.opener>>;
let files: TenantFiles;

const filesOfNewTenant = async () => open.of(await system.tenant('pro'), 'pro');

beforeAll(async () => {
  open = await TenantFiles.opener(system);
});
// What a killed worker had at work counts as its tenant's for half a minute, and a tenant has few places.
beforeEach(async () => {
  files = await filesOfNewTenant();
});
afterAll(async () => {
  await open?.close();
  await scanner.stop();
});

const ended = async (upload: Upload) => files.ended(await files.upload(upload));

/** Has the job come again now, as the queue and the outbox would have it in half a minute. */
async function again(id: ObjectId, whose = files): Promise<void> {
  await whose.expireLease(id);
  await whose.process(id);
}

it('a worker killed after any step: the next one makes the file ready, once, and nothing is left over', async () => {
  const picture = await photograph('nagasaki-boats');
  const others: Partial<Record<(typeof PROCESSING_STEPS)[number], Buffer>> = {
    made: coloredPdf(['1 0 0']),
    'variant written': await testVideo({ size: '320x240' }),
  };
  const steps: { step: string; id: ObjectId; its: TenantFiles }[] = [];
  for (const step of PROCESSING_STEPS) {
    const [id, its, before] = [new ObjectId(), await filesOfNewTenant(), steps.at(-1)];
    await system.startWorker({ KILL_AT: `${step}:${id.toHexString()}` });
    if (before) {
      await again(before.id, before.its);
      // Or what this worker still works on when it is killed in its turn waits for the end of another lease.
      await before.its.ended(before.id, LEFT_TO_ITSELF_MS);
      await before.its.settled();
    }
    await its.upload({ _id: id, name: step, bytes: others[step] ?? picture });
    await system.workerEnded();
    expect(await its.rows('outbox')).toContainEqual(
      expect.objectContaining({ payload: { file_id: id.toHexString() } }),
    );
    steps.push({ step, id, its });
  }
  await system.startWorker();
  await again(steps.at(-1)!.id, steps.at(-1)!.its);
  for (const { step, id, its } of steps) {
    const { file, media } = await its.ended(id, LEFT_TO_ITSELF_MS);
    expect(file).toMatchObject({ name: step, status: 'ready', leased_until: null });
    expect(media).toMatchObject({ status: 'ready', object_prefix: its.prefixOf(id) });
    await its.settled();
    const contents = await its.rows('media_metadata');
    expect(contents).toHaveLength(1);
    const named = (contents[0]!.variants as { object: string }[]).map(({ object }) => `${its.prefixOf(id)}/${object}`);
    expect(await its.objects()).toEqual(named.sort());
  }
  expect(await readdir(join(system.dataDir, 'scratch'))).toEqual([]);
});

it('a file that brings three workers down has failed, with those that wait for the same bytes', async () => {
  const [id, bytes] = [new ObjectId(), await photograph('locomotion-house-cat')];
  const KILL_AT = `made:${id.toHexString()}`;
  await system.startWorker({ KILL_AT });
  await files.upload({ _id: id, name: 'poison', bytes });
  await system.workerEnded();
  for (let crashes = 1; crashes < 3; crashes += 1) {
    await system.startWorker({ KILL_AT });
    await again(id);
    await system.workerEnded();
  }
  // However long a start takes, the bytes are not free for the twin before its job has found them taken and waits half a minute.
  await files.extendLease(id);
  const twin = await files.upload({ name: 'twin', bytes });
  await system.startWorker({ KILL_AT });
  await waitFor('the twin waits', LEFT_TO_ITSELF_MS, async () => {
    const { status, attempts } = await files.file(twin);
    return status === 'uploaded' && attempts === 1;
  });
  await again(id);
  for (const each of [id, twin]) {
    // The twin's own job waits half a minute after each attempt.
    if (each === twin) await files.process(twin);
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

it('malware is rejected, and nothing passes while the scanner is away', async () => {
  const found = await ended({ name: 'invoice.txt', bytes: Buffer.concat([Buffer.from('x'), EICAR]) });
  expect(found.file).toMatchObject({ status: 'rejected', problem: { code: 'malware_found' }, media_id: null });
  await scanner.stop();
  const id = await files.upload({ name: 'late.txt', bytes: Buffer.from('late') });
  await waitFor('an attempt', 10_000, async () => (await files.file(id)).attempts >= 2);
  expect((await files.file(id)).status).not.toBe('ready');
  await scanner.start();
  const { file } = await files.ended(id);
  // The first of them counted nothing against the file.
  expect(file).toMatchObject({ status: 'ready', strikes: 1 });
});

describe('Hostile files', () => {
  let server: Server;
  let calls = 0;
  let url: string;
  beforeAll(async () => {
    server = createServer((_request, response) => void response.end('here')).on('connection', () => (calls += 1));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => void server.close());

  it('end as they should, each of them, and the worker goes on; nothing is fetched, and nothing is left', async () => {
    await ended({ name: 'before.txt', bytes: Buffer.from('the storage has its folders') });
    const before = await outside();
    const corpus = await hostileFiles(url);
    const outcomes = await Promise.all(
      corpus.map(async ({ what, bytes, name = 'file', declared_type = null, ends }) => {
        const { file } = await ended({ name, bytes, declared_type });
        const became = (file.problem?.code ?? file.status) as string;
        return ends.includes(became) ? null : `${what}: ${became}`;
      }),
    );
    expect(outcomes.filter((outcome) => outcome !== null)).toEqual([]);
    await files.settled();
    const kept = (await files.rows('media_metadata')).map(({ object_prefix }) => object_prefix as string);
    expect((await files.objects()).filter((key) => !kept.some((prefix) => key.startsWith(`${prefix}/`)))).toEqual([]);
    expect((await files.rows('media_metadata')).filter(({ status }) => status !== 'ready')).toEqual([]);
    expect(calls).toBe(0);
    expect(await readdir(join(system.dataDir, 'scratch'))).toEqual([]);
    expect(await outside()).toEqual(before);
    expect((await ended({ name: 'after.txt', bytes: Buffer.from('still at work') })).file.status).toBe('ready');
  });
});

/** What stands beside the data folder, and in it beside the storage. */
const outside = async () => [
  (await readdir(system.dataDir)).filter((name) => !name.endsWith('.json')).sort(),
  (await readdir(join(system.dataDir, 'storage'))).sort(),
];
