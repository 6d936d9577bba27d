import { TIERS, sharedSystem, waitFor } from '#caas/testing';

const system = sharedSystem();

describe.each(TIERS)('Relationships on the tier %s', (tier) => {
  const tenant = system.session(tier);
  let count = 0;

  /** Two fresh users, and what each does to the other. */
  async function twoUsers() {
    const [one, other] = [`one${++count}`, `other${count}`];
    await tenant.users(one, other);
    const side = (self: string, target: string, process: number) => {
      const caller = tenant.acting(self, process);
      const path = `/v1/users/me/relationships/${target}`;
      return {
        put: (type: string) => caller.put(path, { type }),
        delete: (type?: string) => caller.delete(type ? `${path}?type=${type}` : path),
        list: async (query = '') => (await caller.get(`/v1/users/me/relationships${query}`)).body.data as object[],
      };
    };
    return { one: side(one, other, 0), other: side(other, one, 1), names: [one, other] as const };
  }

  it('makes a request of one side’s "friend", and a friendship of both', async () => {
    const { one, other, names } = await twoUsers();
    expect(await one.put('friend')).toMatchObject({ status: 201, body: { type: 'friend', status: 'pending' } });
    expect(await one.put('friend')).toMatchObject({ status: 200, body: { type: 'friend', status: 'pending' } });
    expect(await other.list()).toMatchObject([
      { type: 'friend', status: 'pending', requested: false, user: { user_external_id: names[0] } },
    ]);
    expect(await other.put('friend')).toMatchObject({ status: 201, body: { type: 'friend', status: 'accepted' } });
    expect(await one.list('?type=friend&status=accepted')).toMatchObject([{ user: { user_external_id: names[1] } }]);
    expect((await other.delete()).status).toBe(204);
    expect(await one.list()).toEqual([]);
    expect(await other.list()).toEqual([]);
  });

  it('makes friends of two who ask at the same moment', async () => {
    for (let round = 0; round < 5; round++) {
      const { one, other } = await twoUsers();
      const answers = await Promise.all([one.put('friend'), other.put('friend')]);
      expect(answers.map(({ status }) => status)).toEqual([201, 201]);
      expect(await one.list()).toMatchObject([{ status: 'accepted' }]);
      expect(await other.list()).toMatchObject([{ status: 'accepted' }]);
    }
  });

  it('lets the asked side refuse', async () => {
    const { one, other } = await twoUsers();
    await one.put('friend');
    expect((await other.delete('friend')).status).toBe(204);
    expect(await one.list()).toEqual([]);
  });

  it('ends a friendship with a block, and refuses requests of the blocked', async () => {
    const { one, other, names } = await twoUsers();
    await one.put('friend');
    await other.put('friend');
    expect(await one.put('block')).toMatchObject({ status: 201, body: { type: 'block', status: 'active' } });
    expect(await one.list()).toMatchObject([{ type: 'block' }]);
    expect(await other.list()).toEqual([]);
    expect(await other.put('friend')).toMatchObject({ status: 403, body: { code: 'blocked' } });
    expect(await other.put('block')).toMatchObject({ status: 201 });
    expect((await one.delete('block')).status).toBe(204);
    expect(await tenant.acting(names[1]).get('/v1/users/me/relationships?type=block')).toMatchObject({
      body: { data: [{ type: 'block' }] },
    });
  });

  it('hides from the blocked when the blocker was last seen', async () => {
    const { one, names } = await twoUsers();
    const blocker = tenant.withToken(await tenant.token(names[0]));
    await blocker.get('/v1/users/me');
    const blocked = tenant.withToken(await tenant.token(names[1]));
    const lastSeen = async () => (await blocked.get(`/v1/users/${names[0]}`)).body.last_seen_at as string | null;
    await waitFor('last_seen_at', 5_000, async () => (await lastSeen()) !== null);
    await one.put('block');
    expect(await lastSeen()).toBeNull();
    const { body } = await blocked.get(`/v1/users?external_ids=${names[0]}`);
    expect(body.data).toMatchObject([{ last_seen_at: null }]);
    expect((await tenant.server().get(`/v1/users/${names[0]}`)).body.last_seen_at).not.toBeNull();
  });

  it('shows the blocked nothing of when the blocker was last seen', async () => {
    const { one, names } = await twoUsers();
    await one.put('block');
    const seenByOther = async () => (await tenant.as(names[1]).get(`/v1/users/${names[0]}`)).body as object;
    const before = await seenByOther();
    await tenant.as(names[0]).get('/v1/users/me');
    await waitFor(
      'last_seen_at',
      5_000,
      async () => (await tenant.server().get(`/v1/users/${names[0]}`)).body.last_seen_at !== null,
    );
    expect(await seenByOther()).toEqual(before);
  });

  it('lets a friend be muted', async () => {
    const { one, other } = await twoUsers();
    await one.put('friend');
    await other.put('friend');
    expect(await one.put('mute')).toMatchObject({ status: 201, body: { type: 'mute', status: 'active' } });
    expect(await one.list()).toMatchObject([{ type: 'mute' }, { type: 'friend', status: 'accepted' }]);
    expect((await one.delete('mute')).status).toBe(204);
    expect(await one.list()).toMatchObject([{ type: 'friend' }]);
    expect((await one.delete('mute')).body.code).toBe('relationship_not_found');
  });

  it('refuses oneself, strangers, other tenants’ users and other types', async () => {
    const { one, names } = await twoUsers();
    const self = tenant.acting(names[0]);
    for (const id of ['me', names[0]]) {
      const { status, body } = await self.put(`/v1/users/me/relationships/${id}`, { type: 'mute' });
      expect({ status, code: body.code }).toEqual({ status: 400, code: 'relationship_with_self' });
    }
    const elsewhere = await system.tenant(tier);
    await elsewhere.users('foreigner');
    for (const id of ['nobody', 'foreigner']) {
      const { status, body } = await self.put(`/v1/users/me/relationships/${id}`, { type: 'block' });
      expect({ status, code: body.code }).toEqual({ status: 404, code: 'user_not_found' });
    }
    expect((await one.put('enemy')).status).toBe(400);
    expect((await self.put(`/v1/users/me/relationships/${names[1]}`, { type: { $ne: 1 } })).status).toBe(400);
    expect((await self.get('/v1/users/me/relationships?type=enemy')).status).toBe(400);
  });

  it('pages', async () => {
    const { names } = await twoUsers();
    const caller = tenant.acting(names[0]);
    for (let n = 0; n < 5; n++) {
      await tenant.users(`paged${n}`);
      await caller.put(`/v1/users/me/relationships/paged${n}`, { type: 'mute' });
    }
    const first = (await caller.get('/v1/users/me/relationships?limit=3')).body;
    const rest = (await caller.get(`/v1/users/me/relationships?limit=3&cursor=${first.page.next_cursor}`)).body;
    const seen = [...first.data, ...rest.data].map(({ user }) => user.user_external_id as string);
    expect(seen).toEqual(['paged4', 'paged3', 'paged2', 'paged1', 'paged0']);
    expect(rest.page).toMatchObject({ has_more: false, next_cursor: null });
  });

  it('shows a renamed user by the new name', async () => {
    const { one, names } = await twoUsers();
    await one.put('mute');
    await tenant.server().patch(`/v1/users/${names[1]}`, { display_name: 'Renamed Ω' });
    await waitFor('the new name', 10_000, async () => {
      const [row] = (await one.list()) as { user: { user_display_name: string } }[];
      return row?.user.user_display_name === 'Renamed Ω';
    });
  });
});
