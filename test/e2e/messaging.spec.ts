import { eventually, sharedSystem, TIERS, waitFor, type LiveClient, type Room } from '#caas/testing';

const system = sharedSystem();

describe.each(TIERS)('Messaging on the tier %s', (tier) => {
  const tenant = system.session(tier, 'anna', 'ben', 'eve', 'kim', 'lou', 'max', 'moe', 'kai', 'new');
  const [anna, ben, eve] = [tenant.as('anna'), tenant.as('ben'), tenant.as('eve')];
  let room: Room;
  beforeAll(async () => void (room = await tenant.room('anna', ['ben'], { type: 'direct' })));

  /** A conversation of Anna with a new user. */
  const fresh = async (other: string) => {
    await tenant.users(other);
    return tenant.room('anna', [other], { type: 'direct' });
  };

  describe('conversations', () => {
    it('is one for a pair, whoever opens it and however many at once', async () => {
      const [kim, lou] = [tenant.acting('kim'), tenant.acting('lou', 1)];
      const answers = await Promise.all(
        Array.from({ length: 50 }, (_, n) =>
          (n % 2 ? kim : lou).post('/v1/conversations', { type: 'direct', member_ids: [n % 2 ? 'lou' : 'kim'] }),
        ),
      );
      expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1);
      expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
      expect(answers.filter(({ status }) => status === 200)).toHaveLength(49);
    });

    it('opens one group for requests under one Idempotency-Key, on two processes', async () => {
      const wanted = { type: 'group', name: 'Plans', member_ids: ['moe'] };
      const open = (api: number) =>
        tenant.acting('max', api).post('/v1/conversations', wanted, { 'idempotency-key': 'plans' });
      const answers = await Promise.all(Array.from({ length: 20 }, (_, n) => open(n % 2)));
      expect(answers.filter(({ status }) => status !== 201 && status !== 409)).toEqual([]);
      const repeated = await open(1);
      expect(repeated.status).toBe(201);
      expect(repeated.headers.get('idempotency-replayed')).toBe('true');
      const inbox = (await tenant.acting('moe').get('/v1/conversations')).body.data;
      expect(inbox.map(({ id }: { id: string }) => id)).toEqual([repeated.body.id]);
    });

    it('has the fields of the contract', async () => {
      const { status, body, etag } = await ben.get(room.path);
      expect(status).toBe(200);
      expect(etag).toMatch(/^"0-/);
      expect(body).toMatchObject({
        id: room.id,
        type: 'direct',
        name: null,
        group_id: null,
        metadata: {},
        member_count: 2,
        created_by: { user_external_id: 'anna', user_display_name: 'anna' },
      });
      expect(body.participants.map((each: { user_external_id: string }) => each.user_external_id).sort()).toEqual([
        'anna',
        'ben',
      ]);
    });

    it('does not exist for anybody else', async () => {
      expect(await eve.get(room.path)).toMatchObject({ status: 404, body: { code: 'conversation_not_found' } });
      expect(await eve.get(`${room.path}/messages`)).toMatchObject({ status: 404 });
      expect(await tenant.send('eve', room)).toMatchObject({ status: 404 });
    });

    it.each([
      [{ type: 'direct', member_ids: ['nobody'] }, 'unknown_members'],
      [{ type: 'direct', member_ids: [] }, 'invalid_members'],
      [{ type: 'direct', member_ids: ['ben', 'eve'] }, 'invalid_members'],
      [{ type: 'direct', member_ids: ['anna'] }, 'invalid_members'],
      [{ type: 'direct', member_ids: [{ $ne: null }] }, 'validation_failed'],
      [{ type: 'direct', member_ids: 'ben' }, 'validation_failed'],
      [{ type: 'party', member_ids: ['ben'] }, 'validation_failed'],
      [{ type: 'direct', member_ids: ['ben'], tenant_id: 'clnt_abcdef' }, 'validation_failed'],
    ])('refuses %j', async (body, code) => {
      expect(await anna.post('/v1/conversations', body)).toMatchObject({ status: 400, body: { code } });
    });

    it('needs a user', async () => {
      expect(await tenant.server().get('/v1/conversations')).toMatchObject({
        status: 400,
        body: { code: 'acting_user_required' },
      });
    });
  });

  describe('sending', () => {
    it('answers the stored message, and the same one again for the same client_message_id', async () => {
      const body = { client_message_id: 'once', text: 'grüße 😀', metadata: { a: 1, b: [2] } };
      const messages = `${room.path}/messages`;
      const first = await anna.post(messages, body);
      expect(first).toMatchObject({
        status: 201,
        body: { text: 'grüße 😀', type: 'text', reaction_counts: {}, own_reactions: [] },
      });
      const reordered = { metadata: { b: [2], a: 1 }, text: 'grüße 😀', client_message_id: 'once' };
      const again = await anna.post(messages, reordered);
      expect(again.status).toBe(200);
      expect(again.headers.get('idempotency-replayed')).toBe('true');
      expect(again.body).toEqual(first.body);
      const other = await anna.post(messages, { ...body, text: 'other' });
      expect(other).toMatchObject({ status: 422, body: { code: 'idempotency_mismatch' } });
      const bens = await ben.post(messages, { ...body, text: 'mine' });
      expect(bens.status).toBe(201);
    });

    it('stores one message for the same send at the same moment, on two processes', async () => {
      const race = await fresh('race');
      const same = { client_message_id: 'same', text: 'same' };
      const answers = await Promise.all(Array.from({ length: 20 }, (_, n) => tenant.send('anna', race, same, n % 2)));
      expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1);
      expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
      await eventually(async () => expect((await anna.get(race.path)).body.last_seq).toBe(1));
    });

    it('numbers 200 sends at once without a gap, on two processes', async () => {
      const crowd = await fresh('crowd');
      const answers = await Promise.all(
        Array.from({ length: 200 }, (_, n) => tenant.send(n % 3 ? 'anna' : 'crowd', crowd, {}, n % 2)),
      );
      expect(answers.every(({ status }) => status === 201)).toBe(true);
      const numbers = Array.from({ length: 200 }, (_, n) => n + 1);
      const sorted = (field: 'seq' | 'rev') => answers.map(({ body }) => body[field] as number).sort((a, b) => a - b);
      expect(sorted('seq')).toEqual(numbers);
      // A send is no change of what is there.
      expect(sorted('rev')).toEqual(numbers.map(() => 0));
      const row = async () => (await anna.get(crowd.path)).body;
      await eventually(async () => expect(await row()).toMatchObject({ last_seq: 200, rev: 0 }));
    });

    it.each([
      [{ text: 'no id' }, 'client_message_id'],
      [{ client_message_id: '', text: 'x' }, 'client_message_id'],
      [{ client_message_id: 'x'.repeat(65), text: 'x' }, 'client_message_id'],
      [{ client_message_id: { $gt: '' }, text: 'x' }, 'client_message_id'],
      [{ client_message_id: 'a', text: 'x'.repeat(20_001) }, 'text'],
      [{ client_message_id: 'a', text: ['x'] }, 'text'],
      [{ client_message_id: 'a', text: '' }, 'text'],
      [{ client_message_id: 'a' }, 'text'],
      [{ client_message_id: 'a', text: 'x', metadata: { x: 'y'.repeat(9000) } }, 'metadata'],
      [{ client_message_id: 'a', text: 'x', metadata: [] }, 'metadata'],
      [{ client_message_id: 'a', encrypted: 'not base64!' }, 'encrypted'],
      [{ client_message_id: 'a', text: 'x', reply_to_id: 'f'.repeat(24) }, 'reply_to_id'],
      [{ client_message_id: 'a', text: 'x', sender: 'ben' }, 'sender'],
    ])('refuses %j and names the field', async (body, field) => {
      const answer = await anna.post(`${room.path}/messages`, body);
      expect(answer).toMatchObject({ status: 400, body: { errors: [{ field }] } });
    });

    it('takes 20,000 characters, as people count them', async () => {
      const text = '😀'.repeat(20_000);
      const answer = await tenant.send('anna', room, { text });
      expect(answer.status).toBe(201);
      expect(answer.body.text).toBe(text);
    });

    it('is refused to somebody who was blocked, until they are not', async () => {
      const direct = await tenant.room('anna', ['moe'], { type: 'direct' });
      await tenant.acting('moe').put('/v1/users/me/relationships/anna', { type: 'block' });
      await waitFor('the block holds', 6000, async () => {
        const answer = await tenant.send('anna', direct);
        return answer.status === 403 && answer.body.code === 'blocked';
      });
    });
  });

  describe('paging', () => {
    it('goes both ways over all messages, without a gap or a repeat', async () => {
      const pager = await fresh('pager');
      const messages = `${pager.path}/messages`;
      for (let n = 0; n < 120; n += 1) await tenant.message('anna', pager);
      for (const direction of ['backward', 'forward']) {
        const seen: number[] = [];
        let cursor = '';
        do {
          const { body } = await anna.get(`${messages}?limit=17&direction=${direction}${cursor}`);
          seen.push(...body.data.map(({ seq }: { seq: number }) => seq));
          expect(body.page.next_cursor === null).toBe(!body.page.has_more);
          cursor = body.page.next_cursor === null ? '' : `&cursor=${body.page.next_cursor}`;
        } while (cursor !== '');
        const all = Array.from({ length: 120 }, (_, n) => n + 1);
        expect(seen).toEqual(direction === 'forward' ? all : all.toReversed());
      }
      const seqs = async (query: string) =>
        (await anna.get(`${messages}?${query}`)).body.data.map(({ seq }: { seq: number }) => seq) as number[];
      expect(await seqs('after_seq=117')).toEqual([118, 119, 120]);
      expect(await seqs('before_seq=3')).toEqual([2, 1]);
      expect(await seqs('around_seq=60&limit=4')).toEqual([61, 60, 59, 58]);
    });

    it.each([
      'limit=0',
      'limit=-1',
      'limit=101',
      'limit=1e9',
      'limit=NaN',
      'cursor=x',
      `cursor=${'f'.repeat(24)}`,
      'direction=up',
      'after_seq=x',
      'after_seq=1&before_seq=2',
      `after_seq=1&cursor=${'f'.repeat(24)}`,
      'after_seq=1&direction=backward',
      'sort=text',
      'limit[$gt]=1',
      'limit=1&limit=2',
      'populate=sender',
    ])('refuses ?%s', async (query) => {
      const answer = await anna.get(`${room.path}/messages?${query}`);
      expect(answer.status).toBe(400);
      expect(answer.body).toMatchObject({ status: 400, code: expect.any(String), request_id: expect.any(String) });
    });

    it('lists the inbox by newest activity with what is unread', async () => {
      const kai = tenant.as('kai');
      const old = await tenant.room('kai', ['anna'], { type: 'direct' });
      const recent = await tenant.room('kai', ['ben'], { type: 'direct' });
      await tenant.message('anna', old, { text: 'one' });
      await tenant.message('kai', recent, { text: 'two' });
      const { body } = await kai.get('/v1/conversations?limit=1');
      expect(body.data).toMatchObject([{ id: recent.id, unread_count: 0, last_message: { text: 'two', seq: 1 } }]);
      const next = await kai.get(`/v1/conversations?limit=1&cursor=${body.page.next_cursor}`);
      expect(next.body.data).toMatchObject([{ id: old.id, unread_count: 1, last_message: { text: 'one' } }]);
      expect(next.body.page).toMatchObject({ has_more: false, next_cursor: null });
    });
  });

  describe('live', () => {
    let annas: LiveClient;
    let bens: LiveClient;
    let eves: LiveClient;
    beforeAll(async () => {
      annas = await tenant.socket('anna', 0);
      bens = await tenant.socket('ben', 1);
      eves = await tenant.socket('eve', 1);
    });

    it('reaches both sides on whichever process, in order, and nobody else', async () => {
      const start = (await anna.get(room.path)).body.last_seq as number;
      for (let n = 0; n < 10; n += 1) {
        if (n % 2) await tenant.message('anna', room, {}, n % 4 === 1 ? 1 : 0);
        else {
          const message = { conversation_id: room.id, client_message_id: `l${n}`, text: `l${n}` };
          const answer = await bens.send('message.send', message);
          expect(answer).toMatchObject({ ok: true, data: { text: `l${n}`, seq: start + n + 1 } });
        }
      }
      for (const client of [annas, bens]) {
        await waitFor('ten messages', 10_000, () => client.of('message.created').length >= 10);
        expect(client.of('message.created').map(({ seq }) => seq)).toEqual(
          Array.from({ length: 10 }, (_, n) => start + n + 1),
        );
        expect(client.of('message.created')[0]!.data).not.toHaveProperty('own_reactions');
      }
      expect(eves.events.filter(({ type }) => type !== undefined)).toEqual([]);
    });

    it('reaches a conversation that begins while the sockets are open', async () => {
      const news = await tenant.socket('new', 1);
      const opened = await tenant.room('new', ['anna'], { type: 'direct' });
      await waitFor(
        'both hear of it',
        5000,
        () => annas.of('conversation.created').length > 0 && news.of('conversation.created').length > 0,
      );
      await waitFor('it is live on the other process', 10_000, async () => {
        await tenant.message('anna', opened);
        return news.of('message.created').length > 0;
      });
    });

    it('acknowledges what cannot be done with a problem, and stays', async () => {
      expect(await annas.send('message.send', { conversation_id: room.id })).toMatchObject({
        ok: false,
        error: { status: 400, code: 'validation_failed' },
      });
      expect(await annas.send('no.such', {})).toMatchObject({ ok: false, error: { code: 'unknown_message' } });
      expect(await annas.send('message.send', 'text')).toMatchObject({ ok: false, error: { status: 400 } });
      const message = { conversation_id: room.id, client_message_id: 'e', text: 'e' };
      expect(await eves.send('message.send', message)).toMatchObject({ ok: false, error: { status: 404 } });
      expect(annas.socket.connected).toBe(true);
    });

    it('tells by sync what was missed', async () => {
      const missed = await fresh('sleeper');
      const { id } = missed;
      for (let n = 0; n < 5; n += 1) await tenant.message('anna', missed);
      const sleeper = tenant.acting('sleeper');
      const part = await sleeper.post('/v1/sync', { conversations: { [id]: { seq: 1, rev: 0 } }, limit: 2 });
      expect(part.body.conversations[id]).toMatchObject({ seq: 3, rev: 0, has_more: true, resync_required: false });
      expect(part.body.conversations[id].messages.map(({ seq }: { seq: number }) => seq)).toEqual([2, 3]);
      const known = { [id]: { seq: 3, rev: 0 }, [room.id]: { seq: 0, rev: 0 } };
      const rest = await annas.send('sync', { conversations: known });
      expect(rest.data.conversations[id].messages.map(({ seq }: { seq: number }) => seq)).toEqual([4, 5]);
      const none = await eve.post('/v1/sync', { conversations: { [id]: { seq: 0, rev: 0 } } });
      expect(none.body).toMatchObject({ conversations: {}, left: [id] });
      expect((await sleeper.post('/v1/sync', { conversations: {} })).body.joined).toMatchObject([
        { id, unread_count: 5 },
      ]);
    });
  });

  it('shows a new name on everything that was written under the old one', async () => {
    const renamed = await fresh('renamed');
    await tenant.message('renamed', renamed);
    await tenant.server().patch('/v1/users/renamed', { display_name: 'Nova' });
    await waitFor('the copies follow', 20_000, async () => {
      const page = await anna.get(`${renamed.path}/messages`);
      const inbox = await anna.get('/v1/conversations?limit=1');
      return (
        page.body.data[0].sender.user_display_name === 'Nova' &&
        inbox.body.data[0].last_message.sender.user_display_name === 'Nova'
      );
    });
  });
});
