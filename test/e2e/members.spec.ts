import { eventually, sharedSystem, TIERS, waitFor, type LiveClient } from '#caas/testing';

const system = sharedSystem();

describe.each(TIERS)('Members on the tier %s', (tier) => {
  const tenant = system.session(tier, 'anna', 'ben', 'carl', 'dora', 'eve', 'gone');
  const [anna, ben] = [tenant.as('anna'), tenant.as('ben')];
  const rolesOf = async (path: string) => {
    const { data } = (await tenant.server().get(`${path}/members?limit=100&direction=forward`)).body;
    return Object.fromEntries(
      data.map(({ user, role }: { user: { user_external_id: string }; role: string }) => [user.user_external_id, role]),
    );
  };
  const of = (client: LiveClient, id: string, ...types: string[]) =>
    client.events.filter(({ conversation_id, type }) => conversation_id === id && types.includes(type));

  it('adds members, who have read what was there and get what comes, on every process', async () => {
    const room = await tenant.room('anna', ['ben']);
    const { id, path } = room;
    await tenant.message('anna', room);
    const [carls, bens] = [await tenant.socket('carl', 1), await tenant.socket('ben', 0)];
    const added = await tenant.acting('anna', 0).post(`${path}/members`, { member_ids: ['carl', 'ben', 'me'] });
    expect(added).toMatchObject({
      status: 201,
      body: { data: [{ role: 'member', user: { user_external_id: 'carl' }, joined_at: expect.any(String) }] },
    });
    expect((await tenant.acting('carl', 1).get(path)).body).toMatchObject({
      member_count: 3,
      unread_count: 0,
      last_seq: 1,
      rev: 2,
    });
    await tenant.message('ben', room, {}, 1);
    for (const client of [carls, bens]) {
      const changes = () => of(client, id, 'member.added', 'conversation.updated');
      await waitFor('the message', 5_000, () => of(client, id, 'message.created').length > 0);
      await waitFor('the changes', 5_000, () => changes().length > 1);
      expect(changes()).toMatchObject([
        {
          type: 'member.added',
          rev: 1,
          data: { user: { user_external_id: 'carl' }, role: 'member', by: { user_external_id: 'anna' } },
        },
        { type: 'conversation.updated', rev: 2, data: { id, member_count: 3 } },
      ]);
      expect(of(client, id, 'message.created').map(({ seq, rev }) => [seq, rev])).toEqual([[2, undefined]]);
    }
    expect(of(carls, id, 'conversation.created')).toMatchObject([{ data: { id, member_count: 3 } }]);
    await eventually(async () => expect((await tenant.acting('carl').get(path)).body.unread_count).toBe(1));
    expect((await tenant.acting('carl').get(`${path}/messages`)).body.data).toHaveLength(2);
    // Nobody new: nothing changed.
    const again = await anna.post(`${path}/members`, { member_ids: ['carl', 'ben'] });
    expect(again).toMatchObject({ status: 200, body: { data: [] } });
    expect((await anna.get(path)).body.rev).toBe(2);
  });

  it('adds nobody when one of them is unknown, and refuses who may not', async () => {
    const { path } = await tenant.room('anna', ['ben']);
    expect(await anna.post(`${path}/members`, { member_ids: ['carl', 'nobody'] })).toMatchObject({
      status: 400,
      body: { code: 'unknown_members' },
    });
    expect(await ben.post(`${path}/members`, { member_ids: ['carl'] })).toMatchObject({
      status: 403,
      body: { code: 'admin_required' },
    });
    const eve = tenant.acting('eve');
    for (const answer of [
      await eve.post(`${path}/members`, { member_ids: ['eve'] }),
      await eve.get(`${path}/members`),
      await eve.delete(`${path}/members/me`),
      await eve.delete(`${path}/members/ben`),
      await eve.patch(path, { name: 'x' }),
      await eve.delete(path),
      await eve.patch(`${path}/preferences`, { pinned: true }),
    ]) {
      expect(answer).toMatchObject({ status: 404, body: { code: 'conversation_not_found' } });
    }
    for (const body of [{}, { member_ids: [] }, { member_ids: 'ben' }, { member_ids: ['carl'], role: 'owner' }]) {
      expect((await anna.post(`${path}/members`, body)).status).toBe(400);
    }
    expect(await rolesOf(path)).toEqual({ anna: 'owner', ben: 'member' });
  });

  it('leaves a direct conversation its two', async () => {
    const { path } = await tenant.room('anna', ['ben'], { type: 'direct' });
    for (const answer of [
      await anna.post(`${path}/members`, { member_ids: ['carl'] }),
      await anna.delete(`${path}/members/me`),
      await anna.delete(`${path}/members/ben`),
      await anna.delete(path),
      await tenant.server().delete(path),
      await anna.patch(path, { name: 'x' }),
    ]) {
      expect(answer).toMatchObject({ status: 409, body: { code: 'direct_conversation' } });
    }
    expect((await ben.get(path)).body).toMatchObject({ member_count: 2, name: null });
  });

  it('puts out who is removed: they hear so, nothing after it, and may do nothing more', async () => {
    const room = await tenant.room('anna', ['ben', 'carl']);
    const { id, path } = room;
    const [bens, carls] = [await tenant.socket('ben', 1), await tenant.socket('carl', 0)];
    for (const api of [0, 1]) await tenant.message('ben', room, {}, api);
    await waitFor('both messages', 5_000, () => of(bens, id, 'message.created').length === 2);
    expect((await tenant.acting('anna', 0).delete(`${path}/members/ben`)).status).toBe(204);
    expect(await tenant.send('ben', room)).toMatchObject({ status: 404, body: { code: 'conversation_not_found' } });
    await waitFor(
      'the other process refuses too',
      5_000,
      async () => (await tenant.send('ben', room, {}, 1)).status === 404,
    );
    await tenant.message('anna', room, {}, 1);
    const last = await tenant.message('anna', room);
    await waitFor('Carl has all', 5_000, () => of(carls, id, 'message.created').at(-1)?.data.id === last.id);
    // Whatever was published before this has reached Ben's process before this does.
    await tenant.room('anna', ['ben'], { name: 'Sentinel' });
    await waitFor('the sentinel', 5_000, () =>
      bens.of('conversation.created').some(({ data }) => data.name === 'Sentinel'),
    );
    const after = bens.events.filter(({ conversation_id }) => conversation_id === id).slice(2);
    expect(after.map(({ type }) => type)).toEqual(expect.arrayContaining(['member.removed']));
    expect(of(bens, id, 'member.removed')).toHaveLength(1);
    const removedAt = bens.events.findIndex((event) => event.conversation_id === id && event.type === 'member.removed');
    expect(bens.events.slice(removedAt + 1).filter(({ conversation_id }) => conversation_id === id)).toEqual([]);
    expect(of(carls, id, 'member.removed', 'conversation.updated')).toMatchObject([
      { type: 'member.removed', data: { user: { user_external_id: 'ben' }, by: { user_external_id: 'anna' } } },
      { type: 'conversation.updated', data: { member_count: 2 } },
    ]);
    expect(await ben.get(`${path}/messages`)).toMatchObject({ status: 404 });
    const synced = (await ben.post('/v1/sync', { conversations: { [id]: { seq: 2, rev: 0 } } })).body;
    expect(synced).toMatchObject({ conversations: {}, left: [id] });
  });

  it('takes who comes again for new, with nothing unread', async () => {
    const room = await tenant.room('anna', ['ben']);
    const { id, path } = room;
    await tenant.message('ben', room);
    await ben.delete(`${path}/members/me`);
    for (let n = 0; n < 3; n += 1) await tenant.message('anna', room);
    await anna.post(`${path}/members`, { member_ids: ['ben'] });
    expect((await ben.get(path)).body).toMatchObject({ unread_count: 0, last_seq: 4, member_count: 2 });
    await tenant.message('anna', room);
    expect((await ben.get(path)).body.unread_count).toBe(1);
    expect((await ben.post('/v1/sync', { conversations: {} })).body.joined.map((c: { id: string }) => c.id)).toContain(
      id,
    );
  });

  it('hands ownership to who comes next, and ends with the last', async () => {
    const { id, path } = await tenant.room('anna', ['ben', 'carl']);
    const carls = await tenant.socket('carl', 1);
    expect((await anna.delete(`${path}/members/me`)).status).toBe(204);
    expect(await rolesOf(path)).toEqual({ ben: 'owner', carl: 'member' });
    await waitFor('Carl hears of the new owner', 5_000, () => of(carls, id, 'member.updated').length === 1);
    expect(of(carls, id, 'member.updated')).toMatchObject([
      { data: { user: { user_external_id: 'ben' }, role: 'owner' } },
    ]);
    expect(await tenant.acting('carl').delete(`${path}/members/ben`)).toMatchObject({
      status: 403,
      body: { code: 'not_allowed' },
    });
    expect(await ben.delete(`${path}/members/anna`)).toMatchObject({ status: 404, body: { code: 'member_not_found' } });
    await ben.delete(`${path}/members/carl`);
    await ben.delete(`${path}/members/me`);
    expect(await tenant.server().get(`${path}/members`)).toMatchObject({ status: 404 });
    expect(await ben.get(path)).toMatchObject({ status: 404 });
  });

  it('lets the tenant’s server manage as nobody in particular', async () => {
    const { path } = await tenant.room('anna', ['ben']);
    const server = tenant.server();
    expect((await server.post(`${path}/members`, { member_ids: ['carl'] })).status).toBe(201);
    expect((await server.patch(path, { name: 'Named' })).body).toMatchObject({ name: 'Named', member_count: 3 });
    expect((await server.delete(`${path}/members/anna`)).status).toBe(204);
    expect(await rolesOf(path)).toEqual({ ben: 'owner', carl: 'member' });
    expect(await server.delete(`${path}/members/me`)).toMatchObject({ status: 404 });
    expect(await server.patch(`${path}/preferences`, { pinned: true })).toMatchObject({
      status: 400,
      body: { code: 'acting_user_required' },
    });
    expect((await server.delete(path)).status).toBe(204);
  });

  it('keeps the counts right when people come and go while others write, on two processes', async () => {
    const names = Array.from({ length: 8 }, (_, n) => `guest-${n}`);
    await tenant.users(...names);
    const room = await tenant.room('anna', ['ben']);
    const { path } = room;
    const answers = await Promise.all([
      ...Array.from({ length: 30 }, (_, n) => tenant.send('anna', room, {}, n % 2)),
      ...names.map((name, n) => tenant.acting('anna', n % 2).post(`${path}/members`, { member_ids: [name] })),
      ...names.map((name, n) => tenant.acting('anna', (n + 1) % 2).post(`${path}/members`, { member_ids: [name] })),
    ]);
    expect(answers.filter(({ status }) => status !== 201 && status !== 200)).toEqual([]);
    // For each of the eight their coming and the new count.
    await eventually(async () =>
      expect((await anna.get(path)).body).toMatchObject({ last_seq: 30, member_count: 10, rev: 16 }),
    );
    const pages = (await anna.get(`${path}/messages?limit=100&direction=forward`)).body.data;
    for (const name of names) {
      const mine = (await tenant.acting(name).get(path)).body;
      const receipts = (await anna.get(`${path}/receipts?limit=100`)).body.data;
      const { read_seq } = receipts.find(
        (r: { user: { user_external_id: string } }) => r.user.user_external_id === name,
      );
      expect(mine.unread_count).toBe(30 - read_seq);
      expect(pages.filter(({ seq }: { seq: number }) => seq > read_seq)).toHaveLength(mine.unread_count);
    }
    const goes = await Promise.all(
      names.flatMap((name, n) => [
        tenant.acting(name, n % 2).delete(`${path}/members/me`),
        tenant.acting('anna', (n + 1) % 2).delete(`${path}/members/${name}`),
      ]),
    );
    expect(goes.filter(({ status }) => status === 204).length).toBe(8);
    expect((await anna.get(path)).body.member_count).toBe(2);
    expect(await rolesOf(path)).toEqual({ anna: 'owner', ben: 'member' });
  });

  it('goes on without users who are gone', async () => {
    const room = await tenant.room('anna', ['ben', 'gone']);
    const { path } = room;
    await tenant.message('gone', room);
    await tenant.server().delete('/v1/users/gone');
    expect((await tenant.send('ben', room)).status).toBe(201);
    expect((await ben.get(`${path}/members`)).body.data).toHaveLength(3);
    expect(await anna.post(`${path}/members`, { member_ids: ['gone'] })).toMatchObject({ status: 400 });
    expect((await anna.delete(`${path}/members/gone`)).status).toBe(204);
    expect((await anna.get(path)).body.member_count).toBe(2);
  });

  it('32: lets nobody back into a room by a recovered connection', async () => {
    const room = await tenant.room('anna', ['ben', 'carl']);
    const { id, path } = room;
    const client = await tenant.socket('carl', 1);
    client.socket.io.engine.close();
    await waitFor('the break', 5_000, () => client.disconnectedBecause !== null);
    expect((await tenant.acting('anna', 0).delete(`${path}/members/carl`)).status).toBe(204);
    // As a client does that may come back to its session, which nobody may here: it would have its rooms of before.
    Object.assign(client.socket, { _pid: client.socket.id, _lastOffset: '1-1' });
    client.events.length = 0;
    const back = new Promise<void>((resolve) => client.socket.once('ready', () => resolve()));
    client.socket.connect();
    await back;
    expect(client.socket.recovered).toBeFalsy();
    await tenant.message('anna', room);
    await tenant.room('anna', ['carl'], { type: 'direct' });
    await waitFor('the sentinel', 5_000, () => client.of('conversation.created').length > 0);
    expect(client.events.filter(({ conversation_id }) => conversation_id === id)).toEqual([]);
  });
});
