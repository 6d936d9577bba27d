import { sharedSystem, TIERS, waitFor, type Caller } from '#caas/testing';

const system = sharedSystem();

describe.each(TIERS)('Groups on the tier %s', (tier) => {
  const tenant = system.session(tier, 'anna', 'ben', 'carl', 'dora', 'eve', 'lone');
  const [anna, ben, carl] = [tenant.as('anna'), tenant.as('ben'), tenant.as('carl')];

  const found = async (body: object = {}) => {
    const made = await anna.post('/v1/groups', { name: 'Team', member_ids: ['ben', 'carl'], ...body });
    expect(made.status).toBe(201);
    return {
      made,
      id: made.body.id as string,
      path: `/v1/groups/${made.body.id}`,
      room: `/v1/conversations/${made.body.conversation_id}`,
    };
  };
  const rolesIn = async (room: string) => {
    const { data } = (await tenant.server().get(`${room}/members?limit=100&direction=forward`)).body;
    return Object.fromEntries(
      data.map(({ user, role }: { user: { user_external_id: string }; role: string }) => [user.user_external_id, role]),
    );
  };

  it.each(['deleted', 'deactivated'])(
    'gets another owner when its owner is %s, of those who are there',
    async (how) => {
      const [owner, heir] = [`owner-${how}`, `heir-${how}`];
      await tenant.users(owner, heir, `away-${how}`);
      const members = [`away-${how}`, heir];
      const made = await tenant.acting(owner).post('/v1/groups', { name: 'Team', member_ids: members });
      const room = `/v1/conversations/${made.body.conversation_id}`;
      const alone = (await tenant.room(owner, [])).path;
      await tenant.server().put(`/v1/users/away-${how}`, { status: 'deactivated' });
      const path = `/v1/users/${owner}`;
      if (how === 'deleted') await tenant.server().delete(path);
      else await tenant.server().patch(path, { status: 'deactivated' });
      await waitFor('it is handed on', 20_000, async () => (await rolesIn(room))[heir] === 'owner');
      expect(await rolesIn(room)).toEqual({ [owner]: 'member', [heir]: 'owner', [`away-${how}`]: 'member' });
      await tenant.server().put(path, { status: 'active' });
      expect((await rolesIn(alone))[owner]).toBe('owner');
    },
  );

  it('is founded with its conversation, whose members it has', async () => {
    const bens = await tenant.socket('ben', 1);
    const { made, id, path, room } = await found({ description: 'all of us', metadata: { a: 1 } });
    expect(made.body).toMatchObject({
      type: 'group',
      name: 'Team',
      description: 'all of us',
      metadata: { a: 1 },
      member_count: 3,
      role: 'owner',
      created_by: { user_external_id: 'anna' },
    });
    expect(made.etag).toMatch(/^"0-/);
    expect((await ben.get(room)).body).toMatchObject({ group_id: id, type: 'group', name: 'Team', member_count: 3 });
    expect((await ben.get(path)).body).toMatchObject({ id, role: 'member', member_count: 3 });
    await waitFor('Ben hears', 5_000, () => bens.of('conversation.created').some(({ data }) => data.group_id === id));
    expect(await rolesIn(room)).toEqual({ anna: 'owner', ben: 'member', carl: 'member' });
    const listed = (await ben.get('/v1/groups')).body.data;
    expect(listed).toMatchObject([{ id, role: 'member' }]);
    expect((await tenant.acting('eve').get('/v1/groups')).body.data).toEqual([]);
    expect((await tenant.server().get(path)).body).toMatchObject({ id, role: null });
  });

  it('is one for requests under one Idempotency-Key, on two processes', async () => {
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, n) =>
        tenant
          .acting('dora', n % 2)
          .call('POST', '/v1/groups', { name: 'Once', member_ids: ['eve'] }, { 'idempotency-key': 'once' }),
      ),
    );
    expect(answers.filter(({ status }) => status !== 201 && status !== 409)).toEqual([]);
    expect((await tenant.acting('eve').get('/v1/groups')).body.data).toHaveLength(1);
    expect((await tenant.acting('eve').get('/v1/conversations')).body.data).toHaveLength(1);
  });

  it.each([
    [{ member_ids: ['ben'] }, 'validation_failed'],
    [{ name: '' }, 'validation_failed'],
    [{ name: 'x', type: 'direct' }, 'validation_failed'],
    [{ name: 'x', member_ids: ['nobody'] }, 'unknown_members'],
    [{ name: 'x', member_ids: [{ $ne: null }] }, 'validation_failed'],
    [{ name: 'x', tenant_id: 'clnt_abcdef' }, 'validation_failed'],
    [{ name: 'x', role: 'owner' }, 'validation_failed'],
  ])('refuses %j', async (body, code) => {
    expect(await anna.post('/v1/groups', body)).toMatchObject({ status: 400, body: { code } });
  });

  it('does not exist for who is not in', async () => {
    const { path } = await found();
    const eve = tenant.acting('eve');
    for (const answer of [
      await eve.get(path),
      await eve.patch(path, { name: 'x' }),
      await eve.delete(path),
      await eve.put(`${path}/members/eve`, { role: 'member' }),
      await eve.delete(`${path}/members/ben`),
      await eve.get(`${path}/bans`),
      await eve.put(`${path}/bans/ben`, {}),
      await eve.get(`${path}/invites`),
      await eve.post(`${path}/invites`, {}),
    ]) {
      expect(answer).toMatchObject({ status: 404, body: { code: 'group_not_found' } });
    }
  });

  it('changes for admins and the owner, and its conversation goes by its name', async () => {
    const { made, path, room, id } = await found();
    const bens = await tenant.socket('ben', 1);
    const renamed = await anna.patch(path, { name: 'Crew', description: 'us' }, { 'if-match': made.etag! });
    expect(renamed).toMatchObject({ status: 200, body: { name: 'Crew', description: 'us' } });
    expect(await anna.patch(path, { name: 'Late' }, { 'if-match': made.etag! })).toMatchObject({ status: 412 });
    expect((await ben.get(room)).body).toMatchObject({ name: 'Crew', group_id: id, rev: 1 });
    await waitFor('the new name', 5_000, () =>
      bens.of('conversation.updated').some(({ data }) => data.name === 'Crew'),
    );
    expect((await anna.patch(path, { description: null })).body).toMatchObject({ name: 'Crew', description: null });
    expect((await ben.get(room)).body.rev).toBe(1);
    expect(await ben.patch(path, { name: 'x' })).toMatchObject({ status: 403, body: { code: 'admin_required' } });
    expect(await anna.patch(room, { name: 'x' })).toMatchObject({ status: 409, body: { code: 'named_by_group' } });
    expect((await anna.patch(room, { metadata: { b: 2 } })).status).toBe(200);
  });

  it('gives roles as roles allow, and hands ownership on', async () => {
    const { path, room } = await found({ member_ids: ['ben', 'carl', 'dora'] });
    const role = (caller: Caller, who: string, role: string) => caller.put(`${path}/members/${who}`, { role });
    expect(await role(anna, 'ben', 'admin')).toMatchObject({ status: 200, body: { role: 'admin' } });
    expect(await role(ben, 'carl', 'moderator')).toMatchObject({ status: 200 });
    expect(await role(ben, 'eve', 'member')).toMatchObject({
      status: 201,
      body: { user: { user_external_id: 'eve' } },
    });
    for (const [caller, who, wanted] of [
      [ben, 'carl', 'admin'],
      [ben, 'ben', 'owner'],
      [ben, 'anna', 'member'],
      [carl, 'dora', 'moderator'],
      [carl, 'carl', 'admin'],
      [tenant.acting('dora'), 'dora', 'moderator'],
      [anna, 'anna', 'member'],
    ] as const) {
      expect(await role(caller, who, wanted)).toMatchObject({ status: 403, body: { code: 'not_allowed' } });
    }
    expect(await role(anna, 'nobody', 'member')).toMatchObject({ status: 404, body: { code: 'user_not_found' } });
    expect(await role(anna, 'carl', 'king')).toMatchObject({ status: 400 });
    expect(await role(tenant.server(), 'anna', 'member')).toMatchObject({
      status: 409,
      body: { code: 'owner_required' },
    });
    for (const [caller, who] of [
      [carl, 'dora'],
      [ben, 'anna'],
      [tenant.acting('eve'), 'dora'],
    ] as const) {
      expect(await caller.delete(`${path}/members/${who}`)).toMatchObject({ status: 403 });
    }
    expect((await ben.delete(`${path}/members/eve`)).status).toBe(204);
    expect(await ben.delete(`${path}/members/eve`)).toMatchObject({ status: 404, body: { code: 'member_not_found' } });
    expect(await role(anna, 'carl', 'owner')).toMatchObject({ status: 200, body: { role: 'owner' } });
    expect(await rolesIn(room)).toEqual({ anna: 'admin', ben: 'admin', carl: 'owner', dora: 'member' });
    expect((await anna.get(path)).body).toMatchObject({ role: 'admin', member_count: 4 });
    expect((await carl.delete(`${path}/members/me`)).status).toBe(204);
    expect(Object.values(await rolesIn(room)).filter((each) => each === 'owner')).toHaveLength(1);
  });

  it('has one owner, however many are made it at once on two processes', async () => {
    const { path, room } = await found();
    await Promise.all(
      ['ben', 'carl', 'ben', 'carl', 'ben', 'carl'].map((who, n) =>
        tenant.server(n % 2).put(`${path}/members/${who}`, { role: 'owner' }),
      ),
    );
    const roles = await rolesIn(room);
    expect(Object.values(roles).sort()).toEqual(['admin', 'admin', 'owner']);
    expect(roles.anna).toBe('admin');
  });

  it('makes a channel whose moderators post', async () => {
    const { made, path, room } = await found({ type: 'channel' });
    const post = () => tenant.send('ben', { id: made.body.conversation_id, path: room });
    expect(await post()).toMatchObject({ status: 403, body: { code: 'moderator_required' } });
    await anna.put(`${path}/members/ben`, { role: 'moderator' });
    await waitFor('Ben may post', 5_000, async () => (await post()).status < 300);
    await anna.put(`${path}/members/ben`, { role: 'member' });
    await waitFor('Ben may not post', 5_000, async () => (await post()).status === 403);
  });

  it('bans by every way in, until the ban is lifted', async () => {
    const { id, path, room } = await found();
    const bens = await tenant.socket('ben', 1);
    expect(await carl.put(`${path}/bans/ben`, {})).toMatchObject({ status: 403, body: { code: 'admin_required' } });
    expect(await anna.put(`${path}/bans/ben`, { reason: 'noise' })).toMatchObject({
      status: 201,
      body: { group_id: id, reason: 'noise', user: { user_external_id: 'ben' } },
    });
    await waitFor('Ben hears', 5_000, () => bens.of('member.removed').length > 0);
    expect(await ben.get(room)).toMatchObject({ status: 404 });
    expect((await anna.put(`${path}/bans/ben`, { reason: 'much noise' })).status).toBe(200);
    expect((await anna.put(`${path}/bans/eve`, {})).status).toBe(201);
    expect((await anna.get(`${path}/bans`)).body.data).toMatchObject([
      { user: { user_external_id: 'eve' }, reason: null },
      { user: { user_external_id: 'ben' }, reason: 'much noise' },
    ]);
    const { code } = (await anna.post(`${path}/invites`, {})).body;
    for (const answer of [
      await anna.put(`${path}/members/ben`, { role: 'member' }),
      await anna.post(`${room}/members`, { member_ids: ['ben'] }),
      await anna.post(`${room}/members`, { member_ids: ['dora', 'ben'] }),
      await tenant.server().put(`${path}/members/ben`, { role: 'owner' }),
      await ben.post('/v1/groups/join', { code }),
    ]) {
      expect(answer).toMatchObject({ status: 403, body: { code: 'banned' } });
    }
    expect(await rolesIn(room)).toEqual({ anna: 'owner', carl: 'member' });
    expect((await anna.get(`${path}/invites`)).body.data).toMatchObject([{ uses: 0 }]);
    await anna.put(`${path}/members/carl`, { role: 'admin' });
    expect(await carl.put(`${path}/bans/anna`, {})).toMatchObject({ status: 403, body: { code: 'not_allowed' } });
    expect(await carl.put(`${path}/bans/me`, {})).toMatchObject({ status: 403, body: { code: 'not_allowed' } });
    expect((await carl.delete(`${path}/bans/ben`)).status).toBe(204);
    expect(await carl.delete(`${path}/bans/ben`)).toMatchObject({ status: 404, body: { code: 'ban_not_found' } });
    expect((await ben.post('/v1/groups/join', { code })).status).toBe(201);
  });

  it('lets no one in who is banned at the same moment', async () => {
    const { path, room } = await found({ member_ids: [] });
    for (let round = 0; round < 5; round += 1) {
      const [added, banned] = await Promise.all([
        tenant.acting('anna', 0).put(`${path}/members/dora`, { role: 'member' }),
        tenant.acting('anna', 1).put(`${path}/bans/dora`, {}),
      ]);
      expect([201, 403]).toContain(added!.status);
      expect(banned!.status).toBe(201);
      expect(await rolesIn(room)).toEqual({ anna: 'owner' });
      await anna.delete(`${path}/bans/dora`);
    }
  });

  it('is deleted with its conversation, and ends with its last member', async () => {
    const { made, id, path, room } = await found();
    const { code } = (await anna.post(`${path}/invites`, {})).body;
    expect(await anna.delete(room)).toMatchObject({ status: 409, body: { code: 'owned_by_group' } });
    expect(await ben.delete(path)).toMatchObject({ status: 403, body: { code: 'owner_required' } });
    await anna.patch(path, { description: 'new' });
    expect(await anna.delete(path, { 'if-match': made.etag! })).toMatchObject({ status: 412 });
    const bens = await tenant.socket('ben', 1);
    expect((await anna.delete(path)).status).toBe(204);
    await waitFor('Ben hears', 5_000, () => bens.of('conversation.deleted').length > 0);
    for (const answer of [await anna.get(path), await ben.get(room), await anna.delete(path)]) {
      expect(answer.status).toBe(404);
    }
    expect((await anna.get('/v1/groups?limit=100')).body.data.map((each: { id: string }) => each.id)).not.toContain(id);
    expect(await carl.post('/v1/groups/join', { code })).toMatchObject({
      status: 404,
      body: { code: 'invite_not_found' },
    });
    const alone = await found({ member_ids: [] });
    expect((await anna.delete(`${alone.path}/members/me`)).status).toBe(204);
    expect(await tenant.server().get(alone.path)).toMatchObject({ status: 404 });
  });

  it('goes on without an owner who is gone from the tenant', async () => {
    const { id } = (await tenant.as('lone').post('/v1/groups', { name: 'Left', member_ids: ['ben'] })).body;
    await tenant.server().delete('/v1/users/lone');
    expect((await ben.get(`/v1/groups/${id}`)).body).toMatchObject({ member_count: 2, role: 'member' });
    expect((await tenant.server().put(`/v1/groups/${id}/members/ben`, { role: 'owner' })).status).toBe(200);
    expect((await ben.delete(`/v1/groups/${id}/members/lone`)).status).toBe(204);
    expect((await ben.get(`/v1/groups/${id}`)).body).toMatchObject({ member_count: 1, role: 'owner' });
  });
});
