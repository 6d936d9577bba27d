import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sharedSystem } from '#caas/testing';
import { DueTenant } from '../support/due-tenant';
import { JobQueue } from '../support/job-queue';

const COUNT = DueTenant.MESSAGES;

const system = sharedSystem();
let archive: JobQueue;
let own: DueTenant;
beforeAll(() => void (archive = new JobQueue('archive')));
afterEach(() => own.close());
afterAll(() => archive?.close());

const objects = async () => {
  const folder = join(system.dataDir, 'storage/objects/archive', own.tenant.id);
  const names = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith('.zst'));
  return names.map((name) => join(folder, name)).sort();
};

describe('archive-messages', () => {
  it('moves what is due of every conversation, and does nothing the second time', async () => {
    own = await DueTenant.at(system, archive, 3);
    await own.run('archive-messages');
    expect([await own.hot(), await own.readable()]).toEqual([0, [COUNT, COUNT, COUNT]]);
    expect(await own.count('archive_segments', { state: 'pruned' })).toBe(3);
    await own.run('archive-messages');
    expect(await own.count('archive_segments')).toBe(3);
  });

  it('goes on where an earlier one stopped', async () => {
    own = await DueTenant.at(system, archive, 3);
    const [first, second] = own.ids.sort();
    await own.run('archive-messages', second);
    expect(await own.hotByConversation()).toEqual([COUNT, COUNT, 0]);
    await own.run('archive-messages', first);
    expect(await own.hot()).toBe(COUNT);
    await own.run('archive-messages');
    expect([await own.hot(), await own.readable()]).toEqual([0, [COUNT, COUNT, COUNT]]);
  });

  it('is one, however many are in the queue', async () => {
    own = await DueTenant.at(system, archive, 2);
    await Promise.all([1, 2, 3, 4].map(() => own.run('archive-messages')));
    expect([await own.hot(), await own.readable()]).toEqual([0, [COUNT, COUNT]]);
    expect(await own.count('archive_segments')).toBe(2);
  });
});

describe('scrub-archive', () => {
  it('notes what it found whole and what it did not, and takes objects away that nobody knows', async () => {
    own = await DueTenant.at(system, archive, 2);
    await own.run('archive-messages');
    const [first, second] = await objects();
    const orphan = first!.replace('.ndjson.zst', 'x.ndjson.zst');
    const [whole, bytes] = [await readFile(first!), await readFile(second!)];
    await writeFile(orphan, whole);
    bytes[10]! ^= 1;
    await writeFile(second!, bytes);
    const verified = () => own.count('archive_segments', { verified_at: { $ne: null } });
    expect(await verified()).toBe(0);
    await own.run('scrub-archive');
    expect(await verified()).toBe(1);
    expect(await objects()).toEqual([first, second]);
    bytes[10]! ^= 1;
    await writeFile(second!, bytes);
    await own.run('scrub-archive');
    expect([await verified(), await own.readable()]).toEqual([2, [COUNT, COUNT]]);
  });
});
