import { ObjectId } from 'bson';
import { Archiver, Eraser } from '#caas/domain/archive';
import type { RequestContext } from '#caas/kernel';
import { FileCollector, MediaVerifier } from '#caas/domain/media';
import { Inside } from '../support/inside';
import { StoredContent } from '../support/stored-content';
import { TenantRows } from '../support/tenant-rows';
import { TestSystem, type Caller, type TestTenant } from '../support/test-system';

const ENVIRONMENT = { ARCHIVE_TRUST: '200ms' };
/** So that the collector takes at once whatever nothing holds. */
const IMPATIENT = { FILES_UNUSED_FOR: '0s', FILES_CLAIMED_FOR: '0s' };

const system = new TestSystem('warn', ENVIRONMENT);
let inside: Inside;
beforeAll(async () => {
  await system.start();
  inside = await Inside.open({ ...ENVIRONMENT, ...IMPATIENT, DATA_DIR: system.dataFolder });
});
afterAll(async () => {
  await inside?.close();
  await system.stop();
});

describe.each(['free', 'pro', 'enterprise'] as const)('Files of archived messages on the tier %s', (tier) => {
  let tenant: TestTenant;
  let ctx: RequestContext;
  let rows: TenantRows;
  let stored: StoredContent;
  let anna: Caller;
  let ben: Caller;
  let eve: Caller;
  beforeAll(async () => {
    tenant = await system.tenant(tier);
    ctx = await inside.context(tenant.id);
    rows = await TenantRows.open(tenant.id, tier);
    stored = await StoredContent.of(tenant.id, tier, system.dataFolder);
    [anna, ben, eve] = [await tenant.user('anna'), await tenant.user('ben'), await tenant.user('eve')];
  });
  afterAll(() => Promise.all([rows?.close(), stored?.close()]));

  async function upload(bytes: string): Promise<string> {
    const form = new FormData();
    form.append('file', new Blob([bytes], { type: 'image/png' }), 'picture.png');
    const { id } = (await (await anna.raw('POST', '/v1/files', {}, form)).json()) as { id: string };
    await stored.makeReady(id, 'image/png', [
      { name: 'original', contentType: 'image/png', bytes: Buffer.from(bytes) },
    ]);
    return id;
  }

  /** A message of Anna's to Ben with a file of hers, in cold storage. */
  async function archived(bytes: string) {
    const file = await upload(bytes);
    const { body: room } = await anna.post('/v1/conversations', { type: 'group', name: 'Room', member_ids: ['ben'] });
    const sent = await anna.post(`/v1/conversations/${room.id}/messages`, {
      client_message_id: 'with-file',
      text: 'look',
      attachments: [{ file_id: file }],
    });
    expect(sent.status).toBe(201);
    const id = new ObjectId(room.id as string);
    const run = await inside.get(Archiver).run(ctx, { conversationId: id, afterDays: 0 });
    expect(run).toMatchObject({ messages: 1, pruned: 1, failed: [] });
    return { file, id, message: sent.body };
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
    const { file, id, message } = await archived('bytes that stay');
    const room = id.toHexString();
    await collect();
    expect(await rows.holding(file)).toEqual([1, 1, false]);
    for (const caller of [anna, ben, tenant.acting('ben', 1)]) {
      expect(await seenBy(caller, file)).toEqual([200, 200, 'bytes that stay']);
    }
    expect(await seenBy(eve, file)).toEqual([404, 404, null]);
    expect((await ben.get(`/v1/messages/${message.id}`)).body).toEqual(message);
    expect(await anna.delete(`/v1/files/${file}`)).toMatchObject({ status: 409, body: { code: 'file_in_use' } });
    // Whoever comes in sees it, and whoever goes does not any more.
    await anna.post(`/v1/conversations/${room}/members`, { member_ids: ['eve'] });
    expect(await seenBy(eve, file)).toEqual([200, 200, 'bytes that stay']);
    await eve.delete(`/v1/conversations/${room}/members/me`);
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
