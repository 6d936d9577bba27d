import { sharedSystem, TIERS, waitFor, type LiveClient } from '#caas/testing';

const system = sharedSystem();

describe.each(TIERS)('Conversations on the tier %s', (tier) => {
  const tenant = system.session(tier, 'anna', 'ben', 'carl', 'dora', 'late');
  const [anna, ben] = [tenant.as('anna'), tenant.as('ben')];

  const open = (fields: object = {}) => tenant.room('anna', ['ben'], { name: 'Room', ...fields });
  const of = (client: LiveClient, id: string) => client.events.filter(({ conversation_id }) => conversation_id === id);

  describe('settings', () => {
    it('change for all, with a rev, and are told on every process', async () => {
      const wanted = { type: 'group', name: 'Room', member_ids: ['ben'], metadata: { color: 'red' } };
      const made = await anna.post('/v1/conversations', wanted);
      const room = { id: made.body.id as string, path: `/v1/conversations/${made.body.id}` };
      const { id, path } = room;
      const bens = await tenant.socket('ben', 1);
      const changed = await anna.patch(path, { name: 'Hall', metadata: { color: 'blue' } }, { 'if-match': made.etag! });
      expect(changed).toMatchObject({ status: 200, body: { name: 'Hall', metadata: { color: 'blue' }, rev: 1 } });
      expect(changed.etag).not.toBe(made.etag);
      await waitFor('the event', 5_000, () => of(bens, id).length > 0);
      expect(of(bens, id)).toMatchObject([
        { type: 'conversation.updated', rev: 1, data: { id, name: 'Hall', rev: 1 } },
      ]);
      expect(of(bens, id)[0]!.data).not.toHaveProperty('unread_count');
      expect(await anna.patch(path, { name: 'Late' }, { 'if-match': made.etag! })).toMatchObject({
        status: 412,
        body: { code: 'stale_version' },
      });
      // Neither messages nor members make an editor's copy stale.
      await tenant.message('ben', room);
      await anna.post(`${path}/members`, { member_ids: ['carl'] });
      expect((await anna.patch(path, { name: null }, { 'if-match': changed.etag! })).body).toMatchObject({
        name: null,
      });
      const known = { [id]: { seq: 0, rev: 1 } };
      const synced = (await ben.post('/v1/sync', { conversations: known })).body.conversations[id];
      expect(synced).toMatchObject({ conversation: { id, name: null, member_count: 3 }, resync_required: false });
      expect(synced.receipts).toHaveLength(3);
    });

    it('lets one of two editors win who saw the same', async () => {
      const { path } = await open();
      const { etag } = await anna.get(path);
      const answers = await Promise.all(
        Array.from({ length: 10 }, (_, n) =>
          tenant.acting('anna', n % 2).patch(path, { name: `n${n}` }, { 'if-match': etag! }),
        ),
      );
      expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array.from({ length: 9 }, () => 412)]);
    });

    it.each([
      [{ name: '' }, 'name'],
      [{ name: 'x'.repeat(257) }, 'name'],
      [{ metadata: null }, 'metadata'],
      [{ history: 'some' }, 'history'],
      [{ type: 'channel' }, 'type'],
      [{ member_count: 9 }, 'member_count'],
    ])('refuse %j', async (body, field) => {
      const { path } = await open();
      expect(await anna.patch(path, body)).toMatchObject({ status: 400, body: { errors: [{ field }] } });
    });

    it('are not for plain members', async () => {
      const { path } = await open();
      expect(await ben.patch(path, { name: 'Mine' })).toMatchObject({ status: 403, body: { code: 'admin_required' } });
      expect(await ben.delete(path)).toMatchObject({ status: 403, body: { code: 'owner_required' } });
    });
  });

  it('ends for everybody, who hear of it and find it no more', async () => {
    const room = await open();
    const { id, path } = room;
    const { id: message } = await tenant.message('anna', room);
    const [annas, bens] = [await tenant.socket('anna', 0), await tenant.socket('ben', 1)];
    expect((await tenant.acting('ben', 1).get(`${path}/messages`)).status).toBe(200);
    expect((await anna.delete(path)).status).toBe(204);
    for (const client of [annas, bens]) {
      await waitFor('the end', 5_000, () => of(client, id).length > 0);
      expect(of(client, id)).toMatchObject([
        { type: 'conversation.deleted', data: { id, by: { user_external_id: 'anna' } } },
      ]);
    }
    await waitFor('it is gone on both', 5_000, async () => {
      const answers = await Promise.all([0, 1].map((api) => tenant.send('ben', room, {}, api)));
      return answers.every(({ status }) => status === 404);
    });
    for (const answer of [
      await anna.get(path),
      await anna.delete(path),
      await anna.get(`${path}/messages`),
      await anna.get(`${path}/members`),
      await anna.get(`/v1/messages/${message}`),
    ]) {
      expect(answer.status).toBe(404);
    }
    const inbox = (await ben.get('/v1/conversations?limit=100')).body.data;
    expect(inbox.map((entry: { id: string }) => entry.id)).not.toContain(id);
    const { joined, left } = (await ben.post('/v1/sync', { conversations: { [id]: { seq: 1, rev: 0 } } })).body;
    expect(left).toEqual([id]);
    expect(joined.map((entry: { id: string }) => entry.id)).not.toContain(id);
  });

  it('keeps preferences for each member alone', async () => {
    const room = await open();
    const { id, path } = room;
    const [other, bens] = [await tenant.socket('anna', 1), await tenant.socket('ben', 0)];
    const until = '2031-02-03T04:05:06.000Z';
    const set = await anna.patch(`${path}/preferences`, { muted_until: until, pinned: true, archived: true });
    const preferences = { muted_until: until, pinned: true, archived: true };
    expect(set).toMatchObject({ status: 200, body: { id, preferences, rev: 0 } });
    await waitFor('the other device hears', 5_000, () => of(other, id).length > 0);
    expect(of(other, id)).toMatchObject([{ type: 'conversation.updated', data: { id, preferences } }]);
    expect((await anna.patch(`${path}/preferences`, { muted_until: null })).body.preferences).toEqual({
      ...preferences,
      muted_until: null,
    });
    expect((await ben.get(path)).body.preferences).toEqual({ muted_until: null, pinned: false, archived: false });
    const listed = async (query: string) =>
      (await anna.get(`/v1/conversations?limit=100${query}`)).body.data.map((entry: { id: string }) => entry.id);
    expect(await listed('')).toContain(id);
    expect(await listed('&archived=true')).toEqual([id]);
    expect(await listed('&archived=false')).not.toContain(id);
    expect((await anna.get('/v1/conversations?archived=1')).status).toBe(400);
    const nothing = { [id]: { seq: 0, rev: 0 } };
    const synced = (await anna.post('/v1/sync', { conversations: nothing })).body.conversations[id];
    expect(synced.preferences).toMatchObject({ archived: true });
    for (const body of [{}, { muted_until: 'soon' }, { pinned: 'yes' }, { archived: null }, { loud: true }]) {
      expect((await anna.patch(`${path}/preferences`, body)).status).toBe(400);
    }
    await anna.patch(`${path}/preferences`, { archived: false });
    await tenant.message('anna', room);
    await waitFor('the sentinel', 5_000, () => of(bens, id).length > 0);
    expect(of(bens, id).map(({ type }) => type)).toEqual(['message.created']);
  });

  it('lets only moderators and above post in a channel, and everybody read and react', async () => {
    const room = await open({ type: 'channel', name: 'News' });
    const { id, path } = room;
    expect((await tenant.send('anna', room)).status).toBe(201);
    const refused = await tenant.send('ben', room, {}, 1);
    expect(refused).toMatchObject({ status: 403, body: { code: 'moderator_required' } });
    const message = (await ben.get(`${path}/messages`)).body.data[0].id;
    expect((await ben.put(`/v1/messages/${message}/reactions/👍`)).status).toBe(201);
    const mine = await tenant.message('ben', await tenant.room('ben', ['dora'], { type: 'direct' }));
    const forward = { conversation_id: id, client_message_id: 'f' };
    expect(await ben.post(`/v1/messages/${mine.id}/forward`, forward)).toMatchObject({ status: 403 });
    // Who owns it next may at once, on the process that heard of it and within moments on the other.
    await anna.delete(`${path}/members/me`);
    await waitFor('Ben may', 5_000, async () => (await tenant.send('ben', room, {}, 1)).status === 201);
  });

  it('hides from new members what was written before them, where history begins with joining', async () => {
    const room = await open({ history: 'joined' });
    const { id, path } = room;
    const old = [(await tenant.message('anna', room)).id, (await tenant.message('ben', room)).id] as const;
    const carls = await tenant.socket('carl', 1);
    await anna.post(`${path}/members`, { member_ids: ['carl'] });
    const carl = tenant.acting('carl', 1);
    expect((await carl.get(path)).body).toMatchObject({ unread_count: 0, last_message: null, history: 'joined' });
    const seqs = async (query = '') =>
      (await carl.get(`${path}/messages${query}`)).body.data.map(({ seq }: { seq: number }) => seq);
    expect(await seqs()).toEqual([]);
    expect(await seqs('?around_seq=1')).toEqual([]);
    const fresh = (await tenant.message('anna', room)).id;
    await anna.put(`/v1/messages/${old[0]}/pin`);
    expect(await seqs()).toEqual([3]);
    expect(await seqs('?after_seq=0')).toEqual([3]);
    expect(await seqs('?before_seq=3')).toEqual([]);
    expect(await seqs('?pinned=true')).toEqual([]);
    for (const answer of [
      await carl.get(`/v1/messages/${old[0]}`),
      await carl.put(`/v1/messages/${old[1]}/reactions/👍`),
      await carl.get(`/v1/messages/${old[1]}/reactions`),
      await carl.get(`/v1/messages/${old[1]}/history`),
      await carl.post(`/v1/messages/${old[1]}/forward`, { conversation_id: id, client_message_id: 'f' }),
      await carl.get(`${path}/messages?thread_root_id=${old[1]}`),
    ]) {
      expect(answer).toMatchObject({ status: 404, body: { code: 'message_not_found' } });
    }
    const reply = { client_message_id: 'r', text: 'r', reply_to_id: old[0] };
    expect(await carl.post(`${path}/messages`, reply)).toMatchObject({ status: 400, body: { code: 'unknown_reply' } });
    const nothing = { [id]: { seq: 0, rev: 0 } };
    const synced = (await carl.post('/v1/sync', { conversations: nothing })).body.conversations[id];
    expect(synced.messages.map((message: { id: string }) => message.id)).toEqual([fresh]);
    await waitFor('the message', 5_000, () => of(carls, id).some(({ type }) => type === 'message.created'));
    const preview = of(carls, id).filter(({ data }) => data.last_message);
    expect(preview).toEqual([]);
    // Those who were there see all of it, and new ones do again once the owner says so.
    expect((await ben.get(`${path}/messages`)).body.data).toHaveLength(3);
    await anna.patch(path, { history: 'all' });
    await waitFor('Carl sees all', 5_000, async () => (await seqs()).length === 3);
  });

  it('pages in sync what was joined, and asks to begin anew who knows another history', async () => {
    const late = tenant.as('late');
    const ids: string[] = [];
    for (let n = 0; n < 103; n += 1) ids.push((await tenant.room('anna', ['late'])).id);
    const known = (seq: number, rev: number) => ({ conversations: { [ids[0]!]: { seq, rev } } });
    const first = (await late.post('/v1/sync', known(0, 0))).body;
    expect(first.joined).toHaveLength(100);
    expect(first.joined_page).toMatchObject({ has_more: true, next_cursor: expect.any(String) });
    const { next_cursor: joined_cursor } = first.joined_page;
    const rest = (await late.post('/v1/sync', { ...known(0, 0), joined_cursor })).body;
    expect(rest.joined_page).toEqual({ has_more: false, next_cursor: null });
    const all = [...first.joined, ...rest.joined].map((entry: { id: string }) => entry.id);
    expect(all.sort()).toEqual(ids.slice(1).sort());
    for (const ahead of [known(0, 99), known(99, 0)]) {
      const { conversations } = (await late.post('/v1/sync', ahead)).body;
      expect(conversations[ids[0]!]).toMatchObject({ resync_required: true, seq: 0, rev: 0 });
    }
    expect((await late.post('/v1/sync', { conversations: {}, joined_cursor: 'x' })).status).toBe(400);
  });
});
