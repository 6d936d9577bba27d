import { ObjectId } from 'bson';
import { refreshAttachments } from '#caas/contracts';
import { parseTenantId, type RequestContext, type UserReference } from '#caas/kernel';
import { TenantsService } from '#caas/control-plane';
import { FileReferences, files, FileViewers, MediaVerifier } from '#caas/domain/media';
import { fileReferences } from '#caas/domain/media/testing';
import { Queues } from '#caas/platform/queue';
import { ObjectStorage } from '#caas/platform/storage';
import { Outbox } from '#caas/tenancy';
import { TenantCatalog } from '#caas/tenancy/testing';
import { patient, sharedSystem, TIERS, waitFor, type Room } from '#caas/testing';
import { Inside } from '../support/inside';
import { makeReady, storedFile } from '../support/stored-files';

const system = sharedSystem();
let inside: Inside;
beforeAll(async () => void (inside = await Inside.open({ DATA_DIR: system.dataDir })));
afterAll(() => inside?.close());

const NEXT_YEAR_MS = 300 * 24 * 60 * 60_000;

describe.each(TIERS)('Attachments and avatars on the tier %s', (tier) => {
  const tenant = system.session(tier, 'anna', 'ben', 'eve');
  const [anna, ben, eve] = [tenant.as('anna'), tenant.as('ben'), tenant.as('eve')];
  let ctx: RequestContext;
  let room: Room;
  let other: Room;
  let sent = 0;
  const people: Record<string, UserReference> = {};

  beforeAll(async () => {
    ctx = await inside.context(tenant.id);
    for (const name of ['anna', 'ben', 'eve']) {
      const { id } = (await tenant.server().get(`/v1/users/${name}`)).body;
      people[name] = { user_id: new ObjectId(id as string), user_external_id: name, user_display_name: name };
    }
    room = await tenant.room('anna', ['ben'], { type: 'direct' });
    other = await tenant.room('ben', ['eve'], { type: 'direct' });
  });

  const fileOf = async (owner: string | null, more: Parameters<typeof storedFile>[2] = {}) =>
    (await storedFile(ctx, owner === null ? null : people[owner]!, more))._id.toHexString();
  const attached = (...ids: string[]) => ({ attachments: ids.map((file_id) => ({ file_id })) });
  const send = (body: object, as = anna, to = room) =>
    as.post(`${to.path}/messages`, { client_message_id: `c${(sent += 1)}`, ...body });
  const revOf = async (of: Room) => (await ben.get(of.path)).body.rev as number;
  const row = async (id: string) => (await ctx.repository(files).findById(new ObjectId(id)))!;
  const holders = (id: string) => ctx.repository(fileReferences).find({ file_id: new ObjectId(id) });
  const refresh = (id: string) =>
    ctx.transaction((tx) => inside.get(Outbox).record(tx, refreshAttachments, { file_id: id }));
  const verified = () => inside.get(MediaVerifier).verify(ctx);
  const maySee = async (who: string, id: string) => {
    const as = await inside.context(tenant.id, { kind: 'user', user: people[who]!, via: 'token', sessionId: null });
    return inside.get(FileViewers).anyOf(as, await holders(id));
  };
  afterEach(async () => expect(await verified()).toMatchObject({ drift: 0, drifts: [] }));

  describe('sending', () => {
    it('holds the files, and tells of them by every way a message is read', async () => {
      const [live, file, second] = [await tenant.socket('ben', 1), await fileOf('anna'), await fileOf('anna')];
      const answer = await send({ type: 'media', ...attached(file, second) });
      const snapshot = { file_id: file, name: 'picture.png', status: 'uploaded', size_bytes: 10, variants: [] };
      expect(answer).toMatchObject({ status: 201, body: { type: 'media', text: null, attachments: [snapshot, {}] } });
      expect(answer.body.attachments[1].file_id).toBe(second);
      const { id, seq, attachments } = answer.body;
      await waitFor('ben hears of it', 10_000, () => live.of('message.created').length > 0);
      expect(live.of('message.created')[0]!.data).toMatchObject({ id, attachments });
      const known = { [room.id]: { seq: seq - 1, rev: await revOf(room) } };
      const { body } = await ben.post('/v1/sync', { conversations: known });
      expect(body.conversations[room.id].messages).toMatchObject([{ id, attachments }]);
      expect((await ben.get(`/v1/messages/${id}`)).body.attachments).toEqual(attachments);
      expect(await row(file)).toMatchObject({ reference_count: 1, unreferenced_at: null });
      expect(await holders(file)).toMatchObject([{ holder_kind: 'message', holder_id: new ObjectId(id as string) }]);
      live.socket.disconnect();
    });

    it('works the same over a socket, beside a text, and by the server in a user’s name with its own upload', async () => {
      const [live, file, uploaded] = [await tenant.socket('anna'), await fileOf('anna'), await fileOf(null)];
      const body = { conversation_id: room.id, client_message_id: `c${(sent += 1)}`, text: 'look', ...attached(file) };
      const { ok, data } = await live.send('message.send', body);
      expect({ ok, data }).toMatchObject({ ok: true, data: { type: 'text', attachments: [{ file_id: file }] } });
      expect(await send(attached(uploaded), tenant.acting('anna', 1))).toMatchObject({ status: 201 });
      expect(await send(attached(uploaded))).toMatchObject({ status: 400, body: { code: 'invalid_file' } });
      live.socket.disconnect();
    });

    it.each([
      ['of nobody', () => Promise.resolve('f'.repeat(24))],
      ['of somebody else', () => fileOf('ben')],
      ['of the server', () => fileOf(null)],
      ['that is not whole', () => fileOf('anna', { status: 'uploading', unreferenced_at: null })],
      ['that was rejected', () => fileOf('anna', { status: 'rejected' })],
    ])('refuses a file %s, and keeps hold of none', async (_what, made) => {
      const [good, bad] = [await fileOf('anna'), await made()];
      const answer = await send(attached(good, bad));
      const errors = [{ field: 'attachments.1.file_id', message: expect.any(String) as string }];
      expect(answer).toMatchObject({ status: 400, body: { code: 'invalid_file', errors } });
      expect(await row(good)).toMatchObject({ reference_count: 0, unreferenced_at: expect.any(Date) as Date });
    });

    it.each([
      ['none', { attachments: [] }, 'validation_failed'],
      [
        'too many',
        attached(...Array.from({ length: 11 }, (_, at) => at.toString(16).padStart(24, '0'))),
        'validation_failed',
      ],
      ['one twice', attached('a'.repeat(24), 'a'.repeat(24)), 'validation_failed'],
      ['what is no id', attached('../x'), 'validation_failed'],
      ['something else', { attachments: ['a'.repeat(24), null] }, 'validation_failed'],
      ['a further field', { attachments: [{ file_id: 'a'.repeat(24), url: 'x' }] }, 'validation_failed'],
      ['media without any', { type: 'media', text: 'x' }, 'attachments_required'],
    ])('refuses %s', async (_what, body, code) => {
      expect(await send(body)).toMatchObject({ status: 400, body: { code } });
    });

    it('is one message however often it is sent, and holds each file once', async () => {
      const [file, another] = [await fileOf('anna'), await fileOf('anna')];
      const body = { client_message_id: 'again', ...attached(file) };
      const answers = await Promise.all([0, 1, 0, 1].map((process) => send(body, tenant.acting('anna', process))));
      expect(new Set(answers.map((answer) => answer.body.id)).size).toBe(1);
      expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
      expect(await row(file)).toMatchObject({ reference_count: 1 });
      expect(await send({ ...body, ...attached(another) })).toMatchObject({
        status: 422,
        body: { code: 'idempotency_mismatch' },
      });
      expect(await row(another)).toMatchObject({ reference_count: 0, unreferenced_at: expect.any(Date) as Date });
      // Stored is stored, also when the file is not hers any more.
      await ctx.repository(files).updateOne({ _id: new ObjectId(file) }, { $set: { owner: people.ben } });
      expect(await send(body)).toMatchObject({ status: 200, body: { id: answers[0]!.body.id } });
    });
  });

  describe('when a file is processed, or goes', () => {
    it('brings every message up to date, each as one change of its conversation, and once', async () => {
      const file = await fileOf('anna', { status: 'processing' });
      const first = (await send(attached(file))).body;
      const second = (
        await ben.post(`/v1/messages/${first.id}/forward`, { conversation_id: other.id, client_message_id: 'f' })
      ).body;
      const [revThere, revHere] = [await revOf(other), await revOf(room)];
      const live = await tenant.socket('eve', 1);
      await makeReady(ctx, [new ObjectId(file)]);
      await refresh(file);
      await waitFor('eve hears of it', 15_000, () => live.of('message.updated').length > 0);
      const ready = {
        file_id: file,
        status: 'ready',
        kind: 'image',
        width: 4,
        height: 3,
        variants: [{ name: 'original' }],
      };
      expect(live.of('message.updated')[0]).toMatchObject({
        seq: second.seq,
        rev: revThere + 1,
        data: { id: second.id, attachments: [ready] },
      });
      await waitFor('the other is up to date', 15_000, async () => {
        const { body } = await anna.get(`/v1/messages/${first.id}`);
        return body.attachments[0].status === 'ready';
      });
      const { body: updated } = await anna.get(`/v1/messages/${first.id}`);
      expect(updated).toMatchObject({ rev: revHere + 1, edited_at: null, attachments: [ready] });
      expect(updated.attachments[0].variants[0].object).toBeUndefined();
      const known = { [room.id]: { seq: first.seq, rev: revHere } };
      const { body: synced } = await ben.post('/v1/sync', { conversations: known });
      expect(synced.conversations[room.id].messages).toMatchObject([{ id: first.id, attachments: [ready] }]);
      await refresh(file);
      await send({ text: 'after' });
      await refresh(file);
      await waitFor('nothing is left to do', 15_000, async () => !(await hasJobs(ctx)));
      expect(await revOf(room)).toBe(revHere + 1);
      live.socket.disconnect();
    });

    it('shows that a file was deleted, and nothing of what it was like', async () => {
      const file = await fileOf('anna');
      await makeReady(ctx, [new ObjectId(file)]);
      const { id } = (await send({ text: 'look', ...attached(file) })).body;
      await ctx.repository(files).softDelete({ _id: new ObjectId(file) });
      await refresh(file);
      await waitFor('the message follows', 15_000, async () => {
        const { body } = await ben.get(`/v1/messages/${id}`);
        return body.attachments[0].status === 'deleted';
      });
      expect((await ben.get(`/v1/messages/${id}`)).body.attachments).toMatchObject([{ thumbhash: null, variants: [] }]);
      expect(await holders(file)).toEqual([]);
      const forward = { conversation_id: other.id, client_message_id: 'of-deleted' };
      expect(await ben.post(`/v1/messages/${id}/forward`, forward)).toMatchObject({ body: { code: 'invalid_file' } });
    });
  });

  describe('afterwards', () => {
    it('passes files on with a message, to whoever does not own them, and holds them for each', async () => {
      const file = await fileOf('anna');
      const { id } = (await send(attached(file))).body;
      const forward = { conversation_id: other.id, client_message_id: 'passed-on' };
      const passed = await ben.post(`/v1/messages/${id}/forward`, forward);
      expect(passed).toMatchObject({ status: 201, body: { attachments: [{ file_id: file }] } });
      expect(await ben.post(`/v1/messages/${id}/forward`, forward)).toMatchObject({ status: 200 });
      expect(await row(file)).toMatchObject({ reference_count: 2 });
      await anna.delete(`/v1/messages/${id}`);
      expect(await row(file)).toMatchObject({ reference_count: 1, unreferenced_at: null });
      await ben.delete(`/v1/messages/${passed.body.id}`);
      expect(await row(file)).toMatchObject({ reference_count: 0, unreferenced_at: expect.any(Date) as Date });
      expect(await holders(file)).toEqual([]);
    });

    it('lets an edit take attachments away and add others', async () => {
      const [stays, goes, comes, foreign] = [
        await fileOf('anna'),
        await fileOf('anna'),
        await fileOf('anna'),
        await fileOf('ben'),
      ];
      const { id } = (await send({ type: 'media', ...attached(stays, goes) })).body;
      const rev = await revOf(room);
      const edit = (body: object) => anna.patch(`/v1/messages/${id}`, body);
      expect(await edit(attached(stays, foreign))).toMatchObject({ status: 400, body: { code: 'invalid_file' } });
      expect(await edit({ attachments: [] })).toMatchObject({ status: 400, body: { code: 'attachments_required' } });
      expect(await edit(attached(stays, goes))).toMatchObject({ status: 200, body: { rev: 0, edited_at: null } });
      const edited = await edit(attached(comes, stays));
      expect(edited).toMatchObject({
        status: 200,
        body: { rev: rev + 1, attachments: [{ file_id: comes }, { file_id: stays }] },
      });
      const counts = [stays, goes, comes, foreign].map(async (file) => (await row(file)).reference_count);
      expect(await Promise.all(counts)).toEqual([1, 0, 1, 0]);
    });

    it('shows a file to whoever may read a message with it, and to nobody else', async () => {
      const file = await fileOf('anna');
      const group = await tenant.room('anna', ['ben'], { history: 'joined' });
      const { id } = (await send(attached(file), anna, group)).body;
      expect([await maySee('ben', file), await maySee('eve', file)]).toEqual([true, false]);
      await anna.post(`${group.path}/members`, { member_ids: ['eve'] });
      expect(await maySee('eve', file)).toBe(false);
      const forward = { conversation_id: group.id, client_message_id: 'l' };
      const { body: later } = await ben.post(`/v1/messages/${id}/forward`, forward);
      expect(await maySee('eve', file)).toBe(true);
      for (const message of [id, later.id]) await anna.delete(`/v1/messages/${message}`);
      expect([await maySee('ben', file), await maySee('eve', file)]).toEqual([false, false]);
    });

    it('holds files for a scheduled message until it is sent or cancelled', async () => {
      const [soon, never, uploaded] = [await fileOf('anna'), await fileOf('anna'), await fileOf(null)];
      const schedule = (body: object, ms: number, as = anna) =>
        as.post(`${room.path}/scheduled-messages`, {
          ...body,
          send_at: new Date(Date.now() + ms).toISOString(),
        });
      expect(await schedule(attached(await fileOf('ben')), NEXT_YEAR_MS)).toMatchObject({
        body: { code: 'invalid_file' },
      });
      const { id } = (await schedule(attached(never), NEXT_YEAR_MS)).body;
      expect(await row(never)).toMatchObject({ reference_count: 1 });
      expect(await verified()).toMatchObject({ abandoned_references: 0 });
      await anna.delete(`/v1/scheduled-messages/${id}`);
      expect(await row(never)).toMatchObject({ reference_count: 0 });
      const due = (await schedule(attached(soon, uploaded), patient(300), tenant.acting('anna'))).body;
      await waitFor('it is sent', 30_000, async () => {
        const { body } = await anna.get(`/v1/scheduled-messages/${due.id}`);
        return body.state === 'sent';
      });
      const { message_id } = (await anna.get(`/v1/scheduled-messages/${due.id}`)).body;
      const message = await ben.get(`/v1/messages/${message_id}`);
      expect(message.body.attachments).toMatchObject([{ file_id: soon }, { file_id: uploaded }]);
      expect(await holders(soon)).toMatchObject([{ holder_id: new ObjectId(message_id as string) }]);
    });
  });

  describe('avatars', () => {
    const picture = async (owner: string | null, more: Parameters<typeof makeReady>[2] = {}) => {
      const id = await fileOf(owner);
      await makeReady(ctx, [new ObjectId(id)], more);
      return id;
    };
    const set = (avatar_file_id: string | null, as = eve) => as.patch('/v1/users/eve', { avatar_file_id });

    it('are held while they are shown, seen by everybody, and let go', async () => {
      const [first, second, uploaded] = [await picture('eve'), await picture('eve'), await picture(null)];
      expect(await set(first)).toMatchObject({ status: 200, body: { avatar_file_id: first } });
      expect(await set(first)).toMatchObject({ status: 200 });
      expect(await row(first)).toMatchObject({ reference_count: 1 });
      expect([await maySee('anna', first), await maySee('anna', second)]).toEqual([true, false]);
      expect(await set(second)).toMatchObject({ status: 200 });
      expect([(await row(first)).reference_count, (await row(second)).reference_count]).toEqual([0, 1]);
      expect(await set(uploaded, tenant.server(1))).toMatchObject({ status: 200 });
      expect((await row(second)).reference_count).toBe(0);
      expect(await set(null)).toMatchObject({ status: 200, body: { avatar_file_id: null } });
      expect((await row(uploaded)).reference_count).toBe(0);
    });

    it('are pictures, of the user or the server’s', async () => {
      const refused = [
        ['f'.repeat(24), eve],
        [await picture('anna'), eve],
        [await picture('anna'), tenant.server()],
        [await picture(null), eve],
        [await fileOf('eve'), eve],
        [await picture('eve', { kind: 'video' }), eve],
      ] as const;
      const errors = [{ field: 'avatar_file_id', message: expect.any(String) as string }];
      for (const [id, as] of refused) {
        expect(await set(id, as)).toMatchObject({ status: 400, body: { code: 'invalid_file', errors } });
      }
      expect((await eve.get('/v1/users/me')).body.avatar_file_id).toBeNull();
    });

    it('come with a new user, and go with a deleted one', async () => {
      const avatar_file_id = await picture(null);
      const server = tenant.server();
      const answers = await Promise.all(
        [0, 1, 0, 1].map((process) => tenant.server(process).put('/v1/users/fay', { avatar_file_id })),
      );
      expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 200, 201]);
      expect(await row(avatar_file_id)).toMatchObject({ reference_count: 1 });
      expect(await server.delete('/v1/users/fay')).toMatchObject({ status: 204 });
      expect(await row(avatar_file_id)).toMatchObject({ reference_count: 0 });
      expect(await server.put('/v1/users/fay', {})).toMatchObject({ status: 201, body: { avatar_file_id: null } });
      expect(await server.put('/v1/users/gil', { avatar_file_id: 'f'.repeat(24) })).toMatchObject({ status: 400 });
      expect(await server.get('/v1/users/gil')).toMatchObject({ status: 404 });
    });
  });
});

it('looks again for a message that has claimed a file and is not there yet, and does the others at once', async () => {
  const tenant = await system.tenant('free');
  const ctx = await inside.context(tenant.id);
  await tenant.users('anna');
  const { _id } = await storedFile(ctx, null);
  const attachments = [{ file_id: _id.toHexString() }];
  const sent = await tenant.message('anna', await tenant.room('anna', []), { attachments });
  const coming = { kind: 'message' as const, id: new ObjectId() };
  const references = inside.get(FileReferences);
  await ctx.transaction((tx) => references.claim(tx, coming, [_id]));
  await makeReady(ctx, [_id]);
  await ctx.transaction((tx) => inside.get(Outbox).record(tx, refreshAttachments, { file_id: _id.toHexString() }));
  const isOurs = ({ data }: { data: unknown }) => JSON.stringify(data).includes(_id.toHexString());
  await waitFor('it is put off', 15_000, async () =>
    (await inside.get(Queues).queue('references').getDelayed()).some(isOurs),
  );
  const { body: message } = await tenant.acting('anna').get(`/v1/messages/${sent.id}`);
  expect(message).toMatchObject({ rev: 1, attachments: [{ status: 'ready' }] });
  await ctx.transaction((tx) => references.release(tx, coming));
  await waitFor('nothing is left to do', 15_000, async () => !(await hasJobs(ctx)));
});

it('a deleted tenant takes its objects along, also when the deletion is broken off and taken up again', async () => {
  const [tenant, other] = [await system.tenant('free'), await system.tenant('free')];
  const storage = inside.get(ObjectStorage);
  for (const { id } of [tenant, other]) await storage.put(`media/${id}/2026/01/x/upload`, Buffer.from('x'));
  const operator = { name: 'system' as const, requestId: 'test' };
  const broken = jest.spyOn(storage, 'deleteFolder').mockRejectedValueOnce(new Error('killed'));
  const tenants = inside.get(TenantsService);
  await expect(tenants.delete(operator, parseTenantId(tenant.id))).rejects.toThrow('killed');
  expect(await storage.exists(`media/${tenant.id}/2026/01/x/upload`)).toBe(true);
  await tenants.finishInterrupted(operator);
  broken.mockRestore();
  const left: string[] = [];
  for (const { id } of [tenant, other]) for await (const { key } of storage.list(`media/${id}/`)) left.push(key);
  expect(left).toEqual([`media/${other.id}/2026/01/x/upload`]);
});

async function hasJobs(ctx: RequestContext): Promise<boolean> {
  const outbox = inside
    .get(TenantCatalog)
    .all()
    .find(({ name }) => name === 'outbox')!;
  return (await ctx.repository(outbox).findOne({})) !== null;
}
