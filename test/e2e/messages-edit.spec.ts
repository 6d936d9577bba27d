import { sharedSystem, TIERS, waitFor, type LiveClient, type Position, type Room } from '#caas/testing';

const system = sharedSystem();

describe.each(TIERS)('Edited and deleted messages on the tier %s', (tier) => {
  const tenant = system.session(tier, 'anna', 'ben', 'eve');
  const [anna, ben, eve] = [tenant.as('anna'), tenant.as('ben'), tenant.as('eve')];
  let room: Room;
  beforeAll(async () => void (room = await tenant.room('anna', ['ben'], { type: 'direct' })));

  const revOf = async () => (await anna.get(room.path)).body.rev as number;
  /** A new message, and the `rev` of its conversation then: that of the next change is one higher. */
  const send = async (text: string, more: object = {}): Promise<Position & { id: string }> => {
    const { id, seq, rev } = await tenant.message('anna', room, { text, ...more });
    expect(rev).toBe(0);
    return { id, seq, rev: await revOf() };
  };
  const synced = async ({ seq, rev }: Position) => {
    const { body } = await ben.post('/v1/sync', { conversations: { [room.id]: { seq, rev } } });
    return body.conversations[room.id] as Position & { messages: Record<string, unknown>[] };
  };

  describe('editing', () => {
    it('replaces the text, keeps what was said before, and moves rev once', async () => {
      const { id, rev, seq } = await send('frist', { metadata: { a: 1 } });
      const edit = await anna.patch(`/v1/messages/${id}`, { text: 'first' });
      expect(edit).toMatchObject({
        status: 200,
        body: { id, seq, rev: rev + 1, text: 'first', metadata: { a: 1 }, edited_at: expect.any(String) },
      });
      await anna.patch(`/v1/messages/${id}`, { metadata: null, mentions: ['ben'], text: 'first @ben' });
      const { body } = await ben.get(`/v1/messages/${id}`);
      expect(body).toMatchObject({ rev: rev + 2, metadata: null, mentions: [{ user_external_id: 'ben' }] });
      expect(await revOf()).toBe(rev + 2);

      const history = await ben.get(`/v1/messages/${id}/history`);
      expect(history).toMatchObject({ status: 200, body: { page: { has_more: false, next_cursor: null } } });
      expect(history.body.data).toMatchObject([
        { text: 'first', metadata: { a: 1 }, mentions: [], written_at: edit.body.edited_at },
        { text: 'frist', metadata: { a: 1 }, written_at: body.created_at },
      ]);
      const page = await ben.get(`/v1/messages/${id}/history?limit=1`);
      const rest = await ben.get(`/v1/messages/${id}/history?limit=1&cursor=${page.body.page.next_cursor}`);
      expect([page, rest].map(({ body: { data } }) => data[0].text)).toEqual(['first', 'frist']);
      expect(await ben.get(`/v1/messages/${id}/history?cursor=${id}`)).toMatchObject({ status: 400 });
    });

    it('uses no rev when nothing changes', async () => {
      const { id, rev } = await send('same', { metadata: { a: 1, b: 2 } });
      for (const edit of [{ text: 'same' }, {}, { metadata: { b: 2, a: 1 } }, { mentions: [] }]) {
        expect(await anna.patch(`/v1/messages/${id}`, edit)).toMatchObject({
          status: 200,
          body: { rev: 0, edited_at: null },
        });
      }
      expect(await revOf()).toBe(rev);
      expect((await anna.get(`/v1/messages/${id}/history`)).body.data).toEqual([]);
    });

    it('is the sender’s alone, and of a version they saw', async () => {
      const { id, rev } = await send('mine');
      expect(await ben.patch(`/v1/messages/${id}`, { text: 'not mine' })).toMatchObject({
        status: 403,
        body: { code: 'not_your_message' },
      });
      expect(await eve.patch(`/v1/messages/${id}`, { text: 'eve' })).toMatchObject({
        status: 404,
        body: { code: 'message_not_found' },
      });
      expect(await eve.get(`/v1/messages/${id}/history`)).toMatchObject({ status: 404 });
      const { etag } = await anna.get(`/v1/messages/${id}`);
      expect((await anna.patch(`/v1/messages/${id}`, { text: 'one' }, { 'if-match': etag! })).status).toBe(200);
      expect(await anna.patch(`/v1/messages/${id}`, { text: 'two' }, { 'if-match': etag! })).toMatchObject({
        status: 412,
        body: { code: 'stale_version' },
      });
      expect(await revOf()).toBe(rev + 1);
    });

    it.each([
      [{ text: '' }, 'empty_message'],
      [{ text: null }, 'empty_message'],
      [{ text: { $set: 1 } }, 'validation_failed'],
      [{ metadata: { $set: 1 } }, 'validation_failed'],
      [{ mentions: ['eve'] }, 'unknown_mentions'],
      [{ mentions: 'ben' }, 'validation_failed'],
      [{ encrypted: 'no base64!' }, 'validation_failed'],
      [{ seq: 1 }, 'validation_failed'],
      [{ sender: 'ben' }, 'validation_failed'],
      [{ tenant_id: 'clnt_abcdef' }, 'validation_failed'],
    ])('refuses %j', async (edit, code) => {
      const { id } = await send('to be edited');
      expect(await anna.patch(`/v1/messages/${id}`, edit)).toMatchObject({ status: 400, body: { code } });
    });

    it('keeps every version of edits made at once on two processes', async () => {
      const { id, rev } = await send('v0');
      const texts = Array.from({ length: 12 }, (_, n) => `v${n + 1}`);
      const answers = await Promise.all(
        texts.map((text, n) => tenant.acting('anna', n % 2).patch(`/v1/messages/${id}`, { text })),
      );
      expect(answers.map(({ status }) => status)).toEqual(texts.map(() => 200));
      const revs = answers.map(({ body }) => body.rev as number).sort((a, b) => a - b);
      expect(revs).toEqual(texts.map((_, n) => rev + 1 + n));
      const { body: now } = await anna.get(`/v1/messages/${id}`);
      const kept = (await anna.get(`/v1/messages/${id}/history?limit=100`)).body.data as { text: string }[];
      expect([...kept.map(({ text }) => text), now.text].sort()).toEqual(['v0', ...texts].sort());
      expect(answers.find(({ body }) => body.rev === now.rev)!.body.text).toBe(now.text);
    });
  });

  describe('deleting', () => {
    it('leaves a tombstone, the same for good', async () => {
      const { id, rev, seq } = await send('gone soon', { metadata: { secret: 1 }, mentions: ['ben'] });
      await anna.patch(`/v1/messages/${id}`, { text: 'gone very soon' });
      await ben.put(`/v1/messages/${id}/reactions/👍`);
      const tombstone = await anna.delete(`/v1/messages/${id}`);
      expect(tombstone).toMatchObject({
        status: 200,
        body: {
          id,
          seq,
          rev: rev + 3,
          text: null,
          attachments: null,
          metadata: null,
          encrypted: null,
          mentions: [],
          reaction_counts: {},
          own_reactions: [],
          pinned_at: null,
          deleted_at: expect.any(String),
        },
      });
      expect((await anna.delete(`/v1/messages/${id}`)).body).toEqual(tombstone.body);
      expect((await ben.get(`/v1/messages/${id}`)).body).toEqual(tombstone.body);
      expect(await revOf()).toBe(rev + 3);
      expect(await anna.get(`/v1/messages/${id}/history`)).toMatchObject({ status: 404 });
      expect((await anna.get(`/v1/messages/${id}/reactions`)).body.data).toEqual([]);
      for (const refused of [
        await anna.patch(`/v1/messages/${id}`, { text: 'back' }),
        await ben.put(`/v1/messages/${id}/reactions/👍`),
        await ben.put(`/v1/messages/${id}/pin`),
        await ben.post(`/v1/messages/${id}/forward`, { conversation_id: room.id, client_message_id: `f${rev}` }),
      ]) {
        expect(refused).toMatchObject({ status: 409, body: { code: 'message_deleted' } });
      }
      const { body: page } = await ben.get(`${room.path}/messages?limit=1`);
      expect(page.data).toEqual([tombstone.body]);
    });

    it('is for the sender, and in a group for whoever keeps order there', async () => {
      const { id } = await send('mine');
      expect(await ben.delete(`/v1/messages/${id}`)).toMatchObject({ status: 403, body: { code: 'not_your_message' } });
      expect(await eve.delete(`/v1/messages/${id}`)).toMatchObject({ status: 404 });
      const { etag } = await anna.get(`/v1/messages/${id}`);
      await anna.patch(`/v1/messages/${id}`, { text: 'newer' });
      expect(await anna.delete(`/v1/messages/${id}`, { 'if-match': etag! })).toMatchObject({ status: 412 });

      const eves = await tenant.message('eve', await tenant.room('anna', ['ben', 'eve']));
      expect(await ben.delete(`/v1/messages/${eves.id}`)).toMatchObject({ status: 403 });
      expect(await anna.delete(`/v1/messages/${eves.id}`)).toMatchObject({ status: 200, body: { text: null } });
    });

    it('is one deletion when both processes are asked at once', async () => {
      const { id, rev } = await send('twice');
      const answers = await Promise.all(
        Array.from({ length: 10 }, (_, n) => tenant.acting('anna', n % 2).delete(`/v1/messages/${id}`)),
      );
      expect(new Set(answers.map(({ status, body }) => `${status} ${body.rev} ${body.deleted_at}`)).size).toBe(1);
      expect(await revOf()).toBe(rev + 1);
    });
  });

  it('shows the newest message in the inbox as it is now', async () => {
    const older = await send('older');
    const { id } = await send('newest');
    const preview = async () => (await anna.get(room.path)).body.last_message;
    await anna.patch(`/v1/messages/${id}`, { text: 'newest, edited' });
    await anna.patch(`/v1/messages/${older.id}`, { text: 'older, edited' });
    expect(await preview()).toMatchObject({ id, text: 'newest, edited', deleted_at: null });
    await anna.delete(`/v1/messages/${id}`);
    expect(await preview()).toMatchObject({ id, text: null, deleted_at: expect.any(String) });
    const next = await send('next');
    expect(await preview()).toMatchObject({ id: next.id, text: 'next', deleted_at: null });
  });

  it('tells by sync what was edited and deleted, once each', async () => {
    const [a, b, c] = [await send('a'), await send('b'), await send('c')];
    await anna.patch(`/v1/messages/${a.id}`, { text: 'a2' });
    await anna.delete(`/v1/messages/${b.id}`);
    const { messages, ...now } = await synced(c);
    expect(messages.map(({ id, text }) => [id, text])).toEqual([
      [a.id, 'a2'],
      [b.id, null],
    ]);
    expect(now).toMatchObject({ seq: c.seq, rev: c.rev + 2 });
    expect((await synced(now)).messages).toEqual([]);
  });

  describe('live', () => {
    let annas: LiveClient;
    let bens: LiveClient;
    let eves: LiveClient;
    beforeAll(async () => {
      [annas, bens, eves] = [
        await tenant.socket('anna', 0),
        await tenant.socket('ben', 1),
        await tenant.socket('eve', 1),
      ];
    });

    it('edits and deletes over sockets, and tells everybody in order of rev', async () => {
      const { id, seq, rev } = await send('over sockets');
      expect(await annas.send('message.edit', { message_id: id, text: 'edited' })).toMatchObject({
        ok: true,
        data: { id, text: 'edited', rev: rev + 1, own_reactions: [] },
      });
      expect(await bens.send('message.edit', { message_id: id, text: 'x' })).toMatchObject({
        ok: false,
        error: { status: 403, code: 'not_your_message' },
      });
      expect(await eves.send('message.delete', { message_id: id })).toMatchObject({
        ok: false,
        error: { status: 404 },
      });
      expect(await annas.send('message.delete', { message_id: id })).toMatchObject({
        ok: true,
        data: { text: null, rev: rev + 2 },
      });
      for (const client of [annas, bens]) {
        await waitFor('the tombstone', 5000, () => client.of('message.deleted').some((event) => event.rev === rev + 2));
        const about = client.events.filter((event) => event.seq === seq);
        expect(about.map((event) => [event.type, event.rev, event.data.text])).toEqual([
          ['message.created', undefined, 'over sockets'],
          ['message.updated', rev + 1, 'edited'],
          ['message.deleted', rev + 2, null],
        ]);
        expect(about.every((event) => !('own_reactions' in event.data))).toBe(true);
      }
      expect(JSON.stringify(eves.events.filter((event) => event?.type))).not.toContain(id);
    });
  });
});
