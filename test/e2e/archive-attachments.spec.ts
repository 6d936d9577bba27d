import { ObjectId } from 'bson';
import { Archiver, Eraser } from '#caas/domain/archive';
import type { RequestContext } from '#caas/kernel';
import { FileCollector } from '#caas/domain/media/testing';
import { MediaVerifier } from '#caas/domain/media';
import { sharedSystem, TIERS, type Caller } from '#caas/testing';
import { Inside } from '../support/inside';
import { StoredContent } from '../support/stored-content';
import { storedFile } from '../support/stored-files';
import { TenantRows } from '../support/tenant-rows';

/** As the shared system has it. */
const ENVIRONMENT = { ARCHIVE_TRUST: '300ms' };
/** So that the collector takes at once whatever nothing holds. */
const IMPATIENT = { FILES_UNUSED_FOR: '0s', FILES_CLAIMED_FOR: '0s' };

const system = sharedSystem();
let inside: Inside;
beforeAll(async () => {
  inside = await Inside.open({ ...ENVIRONMENT, ...IMPATIENT, DATA_DIR: system.dataDir });
});
afterAll(async () => {
  await inside?.close();
});

describe.each(TIERS)('Files of archived messages on the tier %s', (tier) => {
  const tenant = system.session(tier, 'anna', 'ben', 'eve');
  const [anna, ben, eve] = [tenant.as('anna'), tenant.as('ben'), tenant.as('eve')];
  let ctx: RequestContext;
  let rows: TenantRows;
  let stored: StoredContent;
  beforeAll(async () => {
    ctx = await inside.context(tenant.id);
    rows = await TenantRows.open(tenant.id, tier);
    stored = await StoredContent.of(tenant.id, tier, system.dataDir);
  });
  afterAll(() => Promise.all([rows?.close(), stored?.close()]));

  /** A file of Anna's, put in place from outside: the worker would make something else of these bytes. */
  async function upload(bytes: string): Promise<string> {
    const { id: user } = (await anna.get('/v1/users/me')).body as { id: string };
    const owner = { user_id: new ObjectId(user), user_external_id: 'anna', user_display_name: 'anna' };
    const id = (await storedFile(ctx, owner))._id.toHexString();
    await stored.makeReady(id, 'image/png', [
      { name: 'original', contentType: 'image/png', bytes: Buffer.from(bytes) },
    ]);
    return id;
  }

  /** A message of Anna's to Ben with a file of hers, in cold storage. */
  async function archived(bytes: string) {
    const file = await upload(bytes);
    const room = await tenant.room('anna', ['ben']);
    const message = await tenant.message('anna', room, { attachments: [{ file_id: file }] });
    const id = new ObjectId(room.id);
    const run = await inside.get(Archiver).run(ctx, { conversationId: id, afterDays: 0 });
    expect(run).toMatchObject({ messages: 1, pruned: 1, failed: [] });
    return { file, id, path: room.path, message };
  }

  const collect = async () => {
    const collector = inside.get(FileCollector);
    await collector.releaseAbandoned(ctx, null);
    await collector.collect(ctx);
  };
  const content = async (caller: Caller, file: string) => {
    const answer = await caller.raw('GET', `/v1/files/${file}/content`);
    return [answer.status, answer.status === 200 ? await answer.text() : null];
  };
  const seenBy = async (caller: Caller, file: string) => [
    (await caller.get(`/v1/files/${file}`)).status,
    ...(await content(caller, file)),
  ];

  it('stay, and are shown to those who may read the message, and to nobody else', async () => {
    const { file, path, message } = await archived('bytes that stay');
    await collect();
    expect(await rows.holding(file)).toEqual([1, 1, false]);
    for (const caller of [anna, ben, tenant.acting('ben', 1)]) {
      expect(await seenBy(caller, file)).toEqual([200, 200, 'bytes that stay']);
    }
    expect(await seenBy(eve, file)).toEqual([404, 404, null]);
    expect((await ben.get(`/v1/messages/${message.id}`)).body).toEqual(message);
    expect(await anna.delete(`/v1/files/${file}`)).toMatchObject({ status: 409, body: { code: 'file_in_use' } });
    // Whoever comes in sees it, and whoever goes does not any more.
    await anna.post(`${path}/members`, { member_ids: ['eve'] });
    expect(await seenBy(eve, file)).toEqual([200, 200, 'bytes that stay']);
    await eve.delete(`${path}/members/me`);
    expect(await seenBy(eve, file)).toEqual([404, 404, null]);
    await collect();
    expect(await seenBy(ben, file)).toEqual([200, 200, 'bytes that stay']);
    expect(await inside.get(MediaVerifier).verify(ctx)).toMatchObject({ drift: 0 });
  });

  it.each(['conversation', 'user'] as const)('are let go when the %s is erased', async (what) => {
    const { file, id, message } = await archived(`bytes of a ${what}`);
    const other = await archived(`other bytes, beside a ${what}`);
    // What also hangs on a message that is not erased stays.
    const { body: forwarded } = await ben.post(`/v1/messages/${other.message.id}/forward`, {
      conversation_id: other.id.toHexString(),
      client_message_id: 'forwarded',
    });
    const userId = new ObjectId((await tenant.server().get('/v1/users/anna')).body.id as string);
    const erased = await inside.get(Eraser).erase(ctx, what === 'user' ? { userId } : { conversationId: id });
    expect(erased.messages).toBeGreaterThan(0);
    expect(await rows.holding(file)).toEqual([0, 0, true]);
    expect(await seenBy(ben, file)).toEqual([404, 404, null]);
    const tombstone = await ben.get(`/v1/messages/${message.id}`);
    if (what === 'conversation') expect(tombstone.status).toBe(404);
    else
      expect(tombstone.body).toMatchObject({ text: null, attachments: null, deleted_at: expect.any(String) as string });
    await collect();
    expect(await seenBy(anna, file)).toEqual([404, 404, null]);
    expect(await seenBy(ben, other.file)).toEqual([200, 200, `other bytes, beside a ${what}`]);
    expect((await ben.get(`/v1/messages/${forwarded.id}`)).body.attachments).toMatchObject([{ file_id: other.file }]);
    expect(await inside.get(MediaVerifier).verify(ctx)).toMatchObject({ drift: 0 });
  });
});
