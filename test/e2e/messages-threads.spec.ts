import { eventually, sharedSystem, TIERS, waitFor, type Position, type Room } from '#caas/testing';

const system = sharedSystem();

const upTo = (count: number) => Array.from({ length: count }, (_, n) => n + 1);
const namesOf = (users: { user_external_id: string }[]) => users.map(({ user_external_id }) => user_external_id);

describe.each(TIERS)('Threads, mentions and forwards on the tier %s', (tier) => {
  const crowd = ['ben', 'cleo', 'dora', 'emil'];
  const tenant = system.session(tier, 'anna', ...crowd, 'eve');
  const [anna, ben, eve] = [tenant.acting('anna'), tenant.acting('ben', 1), tenant.acting('eve')];
  let room: Room;
  beforeAll(async () => void (room = await tenant.room('anna', crowd)));

  const trySend = (fields: object, who = 'anna', api = 0) => tenant.send(who, room, fields, api);
  const send = (
    fields: object = {},
    who = 'anna',
    api = 0,
  ): Promise<Position & { id: string; mentions: { user_external_id: string }[] }> =>
    tenant.message(who, room, fields, api);
  const get = async (id: string) => (await anna.get(`/v1/messages/${id}`)).body;
  const revOf = async () => (await anna.get(room.path)).body.rev as number;

  describe('threads', () => {
    it('count their replies and name who replied last, on the root, with a rev of its own', async () => {
      const root = await send();
      const rev = await revOf();
      const replies: (Position & { id: string })[] = [];
      for (const name of ['ben', 'cleo', 'dora', 'emil', 'cleo']) {
        replies.push(await send({ thread_root_id: root.id }, name, replies.length % 2));
      }
      expect(replies.map((reply) => reply.seq)).toEqual(upTo(5).map((n) => root.seq + n));
      expect(replies.map((reply) => reply.rev)).toEqual(upTo(5).map(() => 0));
      const now = await get(root.id);
      expect(now).toMatchObject({ reply_count: 5, rev: rev + 5, edited_at: null });
      expect(namesOf(now.last_repliers)).toEqual(['cleo', 'emil', 'dora']);
      expect(await revOf()).toBe(rev + 5);

      const idsOf = async (query: string) =>
        (await anna.get(`${room.path}/messages?thread_root_id=${root.id}${query}`)).body.data.map(
          ({ id }: { id: string }) => id,
        ) as string[];
      const inOrder = replies.map(({ id }) => id);
      expect(await idsOf('')).toEqual(inOrder.toReversed());
      expect(await idsOf('&limit=2&direction=forward')).toEqual(inOrder.slice(0, 2));
      expect(await idsOf(`&limit=2&direction=forward&cursor=${inOrder[1]}`)).toEqual(inOrder.slice(2, 4));
      expect(await idsOf(`&after_seq=${replies[2]!.seq}`)).toEqual(inOrder.slice(3));

      // What changed of what is known, and then what is new.
      await eventually(async () => {
        const { body } = await ben.post('/v1/sync', { conversations: { [room.id]: { seq: root.seq, rev } } });
        const { messages } = body.conversations[room.id];
        expect(messages.map(({ id }: { id: string }) => id)).toEqual([root.id, ...inOrder]);
      });
      await anna.delete(`/v1/messages/${replies[4]!.id}`);
      await anna.delete(`/v1/messages/${replies[4]!.id}`);
      await anna.delete(`/v1/messages/${replies[3]!.id}`);
      const after = await get(root.id);
      // Each of the two deletions, and the root after it.
      expect(after).toMatchObject({ reply_count: 3, rev: rev + 9 });
      expect(namesOf(after.last_repliers)).toEqual(['dora', 'cleo', 'ben']);
      expect(await revOf()).toBe(rev + 9);
    });

    it('are told of in order: the reply, and then its root', async () => {
      const [annas, bens] = [await tenant.socket('anna', 0), await tenant.socket('ben', 1)];
      const root = await send();
      const rev = await revOf();
      const reply = await bens.send('message.send', {
        conversation_id: room.id,
        client_message_id: 'over-socket',
        text: 'reply',
        thread_root_id: root.id,
      });
      expect(reply).toMatchObject({ ok: true, data: { thread_root_id: root.id, seq: root.seq + 1, rev: 0 } });
      await bens.send('message.delete', { message_id: reply.data.id });
      for (const client of [annas, bens]) {
        await waitFor('five events', 5000, () => client.events.some((event) => event?.rev === rev + 3));
        const told = client.events.filter((event) => (event?.rev ?? 0) > rev || event?.seq === reply.data.seq);
        expect(told.map((event) => [event.type, event.seq, event.rev, event.data.id, event.data.reply_count])).toEqual([
          ['message.created', root.seq + 1, undefined, reply.data.id, 0],
          ['message.updated', root.seq, rev + 1, root.id, 1],
          ['message.deleted', root.seq + 1, rev + 2, reply.data.id, 0],
          ['message.updated', root.seq, rev + 3, root.id, 0],
        ]);
      }
    });

    it('stay counted when many reply, delete and write beside at once on two processes', async () => {
      const [one, two] = [await send(), await send()];
      const before = await revOf();
      const replyTo = (id: string, n: number) => trySend({ thread_root_id: id }, crowd[n % crowd.length]!, n % 2);
      const answers = await Promise.all(
        upTo(60).flatMap((n) => [replyTo(n % 3 ? one.id : two.id, n), trySend({}, 'anna', n % 2)]),
      );
      expect(answers.filter(({ status }) => status !== 201)).toEqual([]);
      expect(await get(one.id)).toMatchObject({ reply_count: 40 });
      expect(await get(two.id)).toMatchObject({ reply_count: 20 });
      expect(answers.filter(({ body }) => body.rev !== 0)).toEqual([]);
      const seqs = answers.map(({ body }) => body.seq as number).sort((a, b) => a - b);
      expect(seqs).toEqual(upTo(120).map((n) => two.seq + n));

      const toOne = answers.filter(({ body }) => body.thread_root_id === one.id);
      const gone = await Promise.all([
        ...toOne.map(({ body }, n) => tenant.acting('anna', n % 2).delete(`/v1/messages/${body.id}`)),
        ...upTo(10).map((n) => replyTo(one.id, n)),
      ]);
      expect(gone.filter(({ status }) => status >= 300)).toEqual([]);
      expect(await get(one.id)).toMatchObject({ reply_count: 10 });

      // Every rev was of exactly one message at a time: what sync tells from the beginning is what is there now.
      let known: Position = { seq: two.seq, rev: before };
      const seen = new Map<string, number>();
      for (let more = true; more;) {
        const { body } = await ben.post('/v1/sync', { conversations: { [room.id]: known } });
        const { seq, rev, has_more, messages } = body.conversations[room.id];
        for (const { id, rev: each } of messages as { id: string; rev: number }[]) seen.set(id, each);
        [known, more] = [{ seq, rev }, has_more];
      }
      expect(known).toEqual({ seq: two.seq + 130, rev: await revOf() });
      expect(seen.size).toBe(2 + 130);
      const revs = [...seen.values()].filter((rev) => rev > 0);
      expect(new Set(revs).size).toBe(revs.length);
      expect(Math.max(...revs)).toBe(known.rev);
    });

    it('begin under a message of the conversation that is in none itself', async () => {
      const root = await send();
      const reply = await send({ thread_root_id: root.id });
      const elsewhere = await tenant.message('anna', await tenant.room('anna', ['eve'], { type: 'direct' }));
      const gone = await send();
      await anna.delete(`/v1/messages/${gone.id}`);
      for (const thread_root_id of [reply.id, elsewhere.id, gone.id, 'f'.repeat(24)]) {
        expect(await trySend({ thread_root_id })).toMatchObject({ status: 400, body: { code: 'unknown_thread_root' } });
      }
      expect(await trySend({ thread_root_id: 'x'.repeat(24) })).toMatchObject({ status: 400 });
      for (const id of [elsewhere.id, 'f'.repeat(24)]) {
        expect(await anna.get(`${room.path}/messages?thread_root_id=${id}`)).toMatchObject({ status: 404 });
      }
      expect(await eve.get(`${room.path}/messages?thread_root_id=${root.id}`)).toMatchObject({ status: 404 });
      expect(await get(root.id)).toMatchObject({ reply_count: 1 });
    });

    it('count a repeated send once', async () => {
      const root = await send();
      const rev = await revOf();
      const reply = { client_message_id: 'the-same-reply', text: 'reply', thread_root_id: root.id };
      const answers = await Promise.all(upTo(10).map((n) => trySend(reply, 'ben', n % 2)));
      expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
      expect(await get(root.id)).toMatchObject({ reply_count: 1, rev: rev + 1 });
      await anna.delete(`/v1/messages/${root.id}`);
      expect(await trySend(reply, 'ben', 1)).toMatchObject({ status: 200 });
    });
  });

  describe('mentions', () => {
    it('name members, each once, in order', async () => {
      const { id, mentions } = await send({ mentions: ['dora', 'ben', 'dora', 'anna'] });
      expect(namesOf(mentions)).toEqual(['dora', 'ben', 'anna']);
      const { body } = await anna.patch(`/v1/messages/${id}`, { mentions: ['cleo'] });
      expect(namesOf(body.mentions)).toEqual(['cleo']);
      expect(namesOf((await anna.get(`/v1/messages/${id}/history`)).body.data[0].mentions)).toEqual([
        'dora',
        'ben',
        'anna',
      ]);
    });

    it.each([
      ['of nobody', { mentions: ['nobody'] }, 'unknown_mentions'],
      ['of a user who is not a member', { mentions: ['ben', 'eve'] }, 'unknown_mentions'],
      ['of what is no external id', { mentions: ['me'] }, 'unknown_mentions'],
      ['of more than a hundred', { mentions: upTo(101).map((n) => `u${n}`) }, 'validation_failed'],
      ['of objects', { mentions: [{ $ne: null }] }, 'validation_failed'],
    ])('%s are refused', async (_what, body, code) => {
      expect(await trySend(body)).toMatchObject({ status: 400, body: { code, errors: [{}] } });
    });
  });

  describe('forwards', () => {
    it('send what was said to another conversation, with who said it first', async () => {
      const direct = await tenant.room('anna', ['eve'], { type: 'direct' });
      const source = await send({ text: 'pass it on', metadata: { a: 1 }, mentions: ['cleo'] }, 'ben', 1);
      const forward = { conversation_id: direct.id, client_message_id: 'forward-1' };
      const answer = await anna.post(`/v1/messages/${source.id}/forward`, forward);
      expect(answer).toMatchObject({
        status: 201,
        body: {
          conversation_id: direct.id,
          sender: { user_external_id: 'anna' },
          text: 'pass it on',
          metadata: { a: 1 },
          mentions: [],
          reply_count: 0,
          forwarded_from: { message_id: source.id, sender: { user_external_id: 'ben' } },
        },
      });
      expect(Object.keys(answer.body.forwarded_from).sort()).toEqual(['message_id', 'sender']);
      expect(JSON.stringify(answer.body)).not.toContain(room.id);
      const again = await tenant.acting('anna', 1).post(`/v1/messages/${source.id}/forward`, forward);
      expect(again).toMatchObject({ status: 200, body: { id: answer.body.id } });
      expect(again.headers.get('idempotency-replayed')).toBe('true');
      const other = await send();
      expect(await anna.post(`/v1/messages/${other.id}/forward`, forward)).toMatchObject({
        status: 422,
        body: { code: 'idempotency_mismatch' },
      });
      await ben.delete(`/v1/messages/${source.id}`);
      expect(await anna.post(`/v1/messages/${source.id}/forward`, forward)).toMatchObject({ status: 200 });

      expect(await eve.get(`/v1/messages/${source.id}`)).toMatchObject({ status: 404 });
      const next = await eve.post(`/v1/messages/${answer.body.id}/forward`, { ...forward, client_message_id: 'next' });
      expect(next).toMatchObject({
        status: 201,
        body: { forwarded_from: { message_id: source.id, sender: { user_external_id: 'ben' } } },
      });
      expect(await anna.patch(`/v1/messages/${answer.body.id}`, { text: 'other words' })).toMatchObject({
        status: 409,
        body: { code: 'message_forwarded' },
      });
    });

    it('need the right to read the one and to write the other', async () => {
      const source = await send();
      const secret = await send({ text: undefined, encrypted: 'aGVsbG8=' });
      const direct = await tenant.room('anna', ['eve'], { type: 'direct' });
      const to = { conversation_id: direct.id, client_message_id: 'refused' };
      expect(await eve.post(`/v1/messages/${source.id}/forward`, to)).toMatchObject({
        status: 404,
        body: { code: 'message_not_found' },
      });
      expect(await ben.post(`/v1/messages/${source.id}/forward`, to)).toMatchObject({
        status: 404,
        body: { code: 'conversation_not_found' },
      });
      expect(await anna.post(`/v1/messages/${secret.id}/forward`, to)).toMatchObject({
        status: 409,
        body: { code: 'encrypted_message' },
      });
      for (const body of [{ ...to, conversation_id: 'x' }, { conversation_id: direct.id }, { ...to, text: 'other' }]) {
        expect(await anna.post(`/v1/messages/${source.id}/forward`, body)).toMatchObject({ status: 400 });
      }
    });
  });

  it('shows everybody under the name that is theirs now, wherever a message names them', async () => {
    const zoe = await tenant.user('zoe', { display_name: 'Zoe' });
    const group = await tenant.room('anna', ['zoe', 'ben']);
    const root = await tenant.message('anna', group, { mentions: ['zoe'] });
    await anna.patch(`/v1/messages/${root.id}`, { text: 'edited' });
    const reply = await tenant.message('zoe', group, { thread_root_id: root.id });
    await zoe.put(`/v1/messages/${root.id}/reactions/${encodeURIComponent('👍')}`);
    const forward = { conversation_id: group.id, client_message_id: 'forward' };
    const { body: forwarded } = await anna.post(`/v1/messages/${reply.id}/forward`, forward);
    await tenant.server().patch('/v1/users/zoe', { display_name: 'Zoë' });
    const names = async () => {
      const message = await get(root.id);
      const history = (await anna.get(`/v1/messages/${root.id}/history`)).body.data;
      const reactions = (await anna.get(`/v1/messages/${root.id}/reactions`)).body.data;
      return [
        message.mentions[0],
        message.last_repliers[0],
        history[0].mentions[0],
        reactions[0].user,
        (await get(reply.id)).sender,
        (await get(forwarded.id)).forwarded_from.sender,
      ].map(({ user_display_name }) => user_display_name as string);
    };
    await waitFor('all six', 20_000, async () => (await names()).every((name) => name === 'Zoë'));
  });
});
