import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { waitFor } from '../../tools/stack';
import { JobQueue } from '../support/job-queue';
import { TenantRows } from '../support/tenant-rows';
import { TestSystem, type TestTenant } from '../support/test-system';

const ENVIRONMENT = { ARCHIVE_TRUST: '200ms', ARCHIVE_AFTER_DAYS: '0' };
const DAY_MS = 24 * 60 * 60_000;
const COUNT = 6;

// Damage is what some of this is about: the worker's complaints of it are of no use here.
const system = new TestSystem('fatal', ENVIRONMENT);
let archive: JobQueue;
let maintenance: JobQueue;
beforeAll(async () => {
  await system.start();
  archive = new JobQueue('archive');
  maintenance = new JobQueue('maintenance');
});
afterAll(async () => {
  await Promise.all([archive?.close(), maintenance?.close()]);
  await system.stop();
});

/** A tenant with some conversations, of which everything is due. */
async function aTenant(conversations = 1) {
  const tenant = await system.tenant('free');
  const rows = await TenantRows.open(tenant.id, 'free');
  const anna = await tenant.user('anna');
  await tenant.user('ben');
  const ids: string[] = [];
  for (let n = 0; n < conversations; n += 1) {
    const { body } = await anna.post('/v1/conversations', { type: 'group', name: 'Room', member_ids: ['ben'] });
    ids.push(body.id as string);
    for (let at = 0; at < COUNT; at += 1) {
      await anna.post(`/v1/conversations/${body.id}/messages`, { client_message_id: `m${at}`, text: `message ${at}` });
    }
  }
  const count = (name: string, more: object = {}) => rows.of(name).countDocuments({ tenant_id: tenant.id, ...more });
  return {
    tenant,
    ids,
    rows,
    count,
    hot: () => count('messages'),
    job: async (name: string, after: string | null = null) =>
      archive.done(await archive.addFor(tenant.id, name, { after })),
    readable: async () => {
      const pages = await Promise.all(ids.map((id) => anna.get(`/v1/conversations/${id}/messages`)));
      return pages.map(({ body }) => (body.data as unknown[]).length);
    },
  };
}

const objectsOf = async ({ id }: TestTenant) => {
  const folder = join(system.dataFolder, 'storage/objects/archive', id);
  return (await readdir(folder, { recursive: true }))
    .filter((name) => name.endsWith('.zst'))
    .map((name) => join(folder, name));
};

describe('archive-messages', () => {
  it('moves what is due of every conversation, and does nothing the second time', async () => {
    const own = await aTenant(3);
    await own.job('archive-messages');
    expect([await own.hot(), await own.readable()]).toEqual([0, [COUNT, COUNT, COUNT]]);
    expect(await own.count('archive_segments', { state: 'pruned' })).toBe(3);
    await own.job('archive-messages');
    expect(await own.count('archive_segments')).toBe(3);
    await own.rows.close();
  });

  it('goes on where an earlier one stopped', async () => {
    const own = await aTenant(3);
    const [first, second] = [...own.ids].sort();
    await own.job('archive-messages', second);
    const hot = await Promise.all(
      own.ids
        .sort()
        .map(
          async (id) =>
            (await own.rows.of('messages').find({ tenant_id: own.tenant.id }).toArray()).filter(
              (row) => String(row['conversation_id']) === id,
            ).length,
        ),
    );
    expect(hot).toEqual([COUNT, COUNT, 0]);
    await own.job('archive-messages', first);
    expect(await own.hot()).toBe(COUNT);
    await own.job('archive-messages');
    expect([await own.hot(), await own.readable()]).toEqual([0, [COUNT, COUNT, COUNT]]);
    await own.rows.close();
  });

  it('is one, however many are in the queue', async () => {
    const own = await aTenant(2);
    await Promise.all([1, 2, 3, 4].map(() => own.job('archive-messages')));
    expect([await own.hot(), await own.readable()]).toEqual([0, [COUNT, COUNT]]);
    expect(await own.count('archive_segments')).toBe(2);
    await own.rows.close();
  });
});

describe('plan-archiving', () => {
  it('sets every tenant’s night to work once when its turn has come', async () => {
    const [one, other] = [await aTenant(), await aTenant()];
    // Planned until a day ago: whichever minute of the night is theirs, it has passed since.
    await maintenance.redis.set('caas:archive:planned-until', Date.now() - DAY_MS);
    await maintenance.done(await maintenance.add('plan-archiving'));
    await waitFor('both are archived', 30_000, async () => (await one.hot()) + (await other.hot()) === 0);
    for (const own of [one, other]) expect(await own.readable()).toEqual([COUNT]);
    const until = Number(await maintenance.redis.get('caas:archive:planned-until'));
    expect(Date.now() - until).toBeLessThan(60_000);
    // Not before the next night.
    const third = await aTenant();
    await maintenance.done(await maintenance.add('plan-archiving'));
    await third.job('scrub-archive');
    expect(await third.hot()).toBe(COUNT);
    for (const own of [one, other, third]) await own.rows.close();
  });
});

describe('scrub-archive', () => {
  it('notes what it found whole and what it did not, and takes objects away that nobody knows', async () => {
    const own = await aTenant(2);
    await own.job('archive-messages');
    const [first, second] = await objectsOf(own.tenant);
    const orphan = first!.replace('.ndjson.zst', 'x.ndjson.zst');
    const [whole, bytes] = [await readFile(first!), await readFile(second!)];
    await writeFile(orphan, whole);
    bytes[10]! ^= 1;
    await writeFile(second!, bytes);
    const verified = () => own.count('archive_segments', { verified_at: { $ne: null } });
    expect(await verified()).toBe(0);
    await own.job('scrub-archive');
    expect(await verified()).toBe(1);
    expect((await objectsOf(own.tenant)).sort()).toEqual([first!, second!].sort());
    bytes[10]! ^= 1;
    await writeFile(second!, bytes);
    await own.job('scrub-archive');
    expect([await verified(), await own.readable()]).toEqual([2, [COUNT, COUNT]]);
    await own.rows.close();
  });
});
