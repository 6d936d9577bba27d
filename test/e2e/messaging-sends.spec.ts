import { eventually, sharedSystem, TIERS, waitFor, type Answer } from '#caas/testing';

const system = sharedSystem();

const upTo = (count: number) => Array.from({ length: count }, (_, n) => n + 1);
const seqsOf = (answers: Answer[]) => answers.map(({ body }) => body.seq as number).sort((a, b) => a - b);

describe.each(TIERS)('Many sends at once on the tier %s', (tier) => {
  const tenant = system.session(tier, 'anna');
  const anna = tenant.as('anna');

  /** A conversation of Anna with a new user. */
  const direct = async (other: string) => {
    await tenant.users(other);
    return tenant.room('anna', [other], { type: 'direct' });
  };

  it('keeps every conversation in order while one of them is busy on both processes', async () => {
    const hot = await direct('hot');
    const cold = await Promise.all(upTo(10).map((n) => direct(`cold-${n}`)));
    const [busy, quiet] = await Promise.all([
      Promise.all(upTo(150).map((n) => tenant.send(n % 3 ? 'anna' : 'hot', hot, {}, n % 2))),
      Promise.all(cold.map((room) => Promise.all(upTo(6).map((n) => tenant.send('anna', room, {}, n % 2))))),
    ]);
    expect(seqsOf(busy)).toEqual(upTo(150));
    for (const answers of quiet) expect(seqsOf(answers)).toEqual(upTo(6));
    const { body } = await anna.get(`${hot.path}/messages?limit=100&after_seq=50`);
    expect(body.data.map(({ seq, rev }: { seq: number; rev: number }) => [seq, rev])).toEqual(
      upTo(100).map((n) => [n + 50, 0]),
    );
  });

  it('stores one message when REST and sockets of both processes send the same at once', async () => {
    const room = await direct('twice');
    const { id, path } = room;
    const sockets = await Promise.all([tenant.socket('anna', 0), tenant.socket('anna', 1)]);
    const body = { client_message_id: 'same', text: 'same' };
    const answers = await Promise.all(
      upTo(24).map(async (n) => {
        if (n % 3) return (await tenant.message('anna', room, body, n % 2)) as { id: string };
        const { ok, data } = await sockets[n % 2]!.send('message.send', { conversation_id: id, ...body });
        expect(ok).toBe(true);
        return data as { id: string };
      }),
    );
    expect(new Set(answers.map((message) => message.id)).size).toBe(1);
    await eventually(async () => expect((await anna.get(path)).body).toMatchObject({ last_seq: 1, rev: 0 }));
    const again = await sockets[0]!.send('message.send', { conversation_id: id, ...body });
    expect(again).toMatchObject({ ok: true, data: { id: answers[0]!.id, replayed: true } });
    const other = await sockets[0]!.send('message.send', { conversation_id: id, ...body, text: 'another' });
    expect(other).toMatchObject({ ok: false, error: { status: 422, code: 'idempotency_mismatch' } });
  });

  it('answers what is stored also to somebody who may not write any more', async () => {
    const room = await direct('later');
    const before = { client_message_id: 'before', text: 'before' };
    const first = await tenant.send('anna', room, before);
    await tenant.acting('later').put('/v1/users/me/relationships/anna', { type: 'block' });
    await waitFor('the block holds', 6000, async () => (await tenant.send('anna', room)).status === 403);
    const again = await tenant.send('anna', room, before);
    expect(again).toMatchObject({ status: 200, body: { id: first.body.id } });
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    expect(await tenant.send('anna', room, { ...before, text: 'another' })).toMatchObject({ status: 422 });
  });

  it('counts what one wrote as read, for few writers and for many', async () => {
    const names = upTo(70).map((n) => `writer-${n}`);
    await tenant.users(...names);
    const room = await tenant.room('anna', names);
    const { id, path } = room;
    expect((await anna.get(path)).body).toMatchObject({ member_count: 71, created_by: { user_external_id: 'anna' } });

    const unreadOf = async (name: string) => (await tenant.acting(name).get(path)).body.unread_count as number;
    const own = new Map<string, number>();
    for (const some of [names.slice(0, 5), names]) {
      const answers = await Promise.all(some.map((name, n) => tenant.send(name, room, {}, n % 2)));
      expect(answers.map(({ status }) => status)).toEqual(some.map(() => 201));
      some.forEach((name, at) => own.set(name, answers[at]!.body.seq as number));
      const last = Math.max(...own.values());
      const expected = names.map((name) => last - (own.get(name) ?? 0));
      await eventually(async () => expect(await Promise.all(names.map(unreadOf))).toEqual(expected));
    }
    // No watermark of a sender took a rev.
    expect((await anna.get(path)).body).toMatchObject({ last_seq: 75, rev: 0, unread_count: 75 });

    const { body } = await anna.post('/v1/sync', { conversations: { [id]: { seq: 74, rev: 0 } } });
    const receipts = body.conversations[id].receipts as { user: { user_external_id: string }; read_seq: number }[];
    const read = new Map(receipts.map(({ user, read_seq }) => [user.user_external_id, read_seq]));
    expect(read.size).toBe(71);
    expect(names.map((name) => read.get(name))).toEqual(names.map((name) => own.get(name)));
  });

  it('names who wrote last in a group, under the name that is theirs now', async () => {
    await tenant.user('guest', { display_name: 'Guest' });
    const room = await tenant.room('anna', ['guest']);
    const { path } = room;
    await tenant.message('anna', room);
    expect((await anna.get(path)).body.last_message.sender).toMatchObject({ user_external_id: 'anna' });
    await tenant.message('guest', room);
    expect((await anna.get(path)).body.last_message.sender).toEqual({
      user_id: expect.any(String),
      user_external_id: 'guest',
      user_display_name: 'Guest',
    });
    await tenant.server().patch('/v1/users/guest', { display_name: 'Host' });
    await waitFor(
      'the copy follows',
      20_000,
      async () => (await anna.get(path)).body.last_message.sender.user_display_name === 'Host',
    );
    await tenant.message('anna', room);
    expect((await anna.get(path)).body).toMatchObject({
      created_by: { user_external_id: 'anna' },
      last_message: { sender: { user_external_id: 'anna' } },
    });
  });

  it('shows the beginning of a long text, never half of a character', async () => {
    const room = await direct('emoji');
    await tenant.message('anna', room, { text: `x${'😀'.repeat(400)}` });
    const { text } = (await anna.get(room.path)).body.last_message as { text: string };
    expect(text).toBe(`x${'😀'.repeat(249)}`);
  });

  it('tells by sync only of what changed, and says when there is more', async () => {
    const rooms = await Promise.all(upTo(12).map((n) => direct(`sync-${n}`)));
    await Promise.all(rooms.slice(0, 6).flatMap((room) => upTo(3).map(() => tenant.message('anna', room))));
    const known = (seq: number, rev = 0) => Object.fromEntries(rooms.map(({ id }) => [id, { seq, rev }]));
    const { body } = await anna.post('/v1/sync', { conversations: known(0), limit: 2 });
    for (const [at, { id }] of rooms.entries()) {
      const state = body.conversations[id];
      expect(state).toMatchObject({ seq: at < 6 ? 2 : 0, rev: 0, has_more: at < 6, resync_required: false });
      expect(state.messages).toHaveLength(at < 6 ? 2 : 0);
      expect(state.receipts).toHaveLength(2);
    }
    for (const future of [known(99), known(3, 99)]) {
      const { conversations } = (await anna.post('/v1/sync', { conversations: future })).body;
      const state = conversations[rooms[0]!.id];
      expect(state).toMatchObject({ seq: 3, rev: 0, messages: [], resync_required: true });
    }
    const unknown = { nonsense: { seq: 0, rev: 0 }, ['f'.repeat(24)]: { seq: 1, rev: 1 } };
    const strange = await anna.post('/v1/sync', { conversations: unknown });
    expect(strange.body).toMatchObject({ conversations: {}, left: ['nonsense', 'f'.repeat(24)] });
  });
});
