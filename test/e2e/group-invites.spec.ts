import { sharedSystem, TIERS, waitFor } from '#caas/testing';

const system = sharedSystem();

describe.each(TIERS)('Invites on the tier %s', (tier) => {
  const tenant = system.session(tier, 'anna', 'ben', 'carl');
  const [anna, ben] = [tenant.as('anna'), tenant.as('ben')];
  let path: string;
  let room: string;
  beforeEach(async () => {
    const { body } = await anna.post('/v1/groups', { name: 'Team', member_ids: ['ben'] });
    [path, room] = [`/v1/groups/${body.id}`, `/v1/conversations/${body.conversation_id}`];
  });

  const join = (who: string, code: string, api = 0) => tenant.acting(who, api).post('/v1/groups/join', { code });
  const usesOf = async () => (await anna.get(`${path}/invites`)).body.data[0].uses as number;

  it('lets in by a code that is shown once, and uses nothing up for who is in', async () => {
    const before = Date.now();
    const made = await anna.post(`${path}/invites`, { expires_in: 3600, max_uses: 2 });
    const after = Date.now();
    expect(made).toMatchObject({
      status: 201,
      body: { max_uses: 2, uses: 0, created_by: { user_external_id: 'anna' }, code: expect.any(String) },
    });
    const { code, id } = made.body;
    const madeAt = Date.parse(made.body.expires_at) - 3600_000;
    expect([madeAt >= before, madeAt <= after]).toEqual([true, true]);
    const carls = await tenant.socket('carl', 1);
    expect(await join('carl', code)).toMatchObject({ status: 201, body: { role: 'member', member_count: 3 } });
    expect(await join('carl', code, 1)).toMatchObject({ status: 200, body: { member_count: 3 } });
    expect((await join('ben', code)).status).toBe(200);
    expect(await usesOf()).toBe(1);
    await waitFor('Carl is live in it', 5_000, () => carls.of('member.added').length > 0);
    expect(carls.of('member.added')).toMatchObject([{ data: { by: { user_external_id: 'carl' }, role: 'member' } }]);
    const listed = await anna.get(`${path}/invites`);
    expect(listed.body.data).toMatchObject([{ id, uses: 1 }]);
    expect(JSON.stringify(listed.body)).not.toContain(code);
  });

  it('lets in exactly as many as it says, of many at once on two processes', async () => {
    const guests = Array.from({ length: 30 }, (_, n) => `guest-${n}`);
    await tenant.users(...guests);
    const { code } = (await anna.post(`${path}/invites`, { max_uses: 10 })).body;
    const answers = await Promise.all(guests.map((name, n) => join(name, code, n % 2)));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(10);
    const refused = answers.filter(({ status }) => status !== 201);
    for (const answer of refused) expect(answer).toMatchObject({ status: 409, body: { code: 'invite_used_up' } });
    expect(await usesOf()).toBe(10);
    expect((await anna.get(room)).body.member_count).toBe(12);
    expect((await anna.get(`${room}/members?limit=100`)).body.data).toHaveLength(12);
  });

  it('counts one use for one user who asks many times at once', async () => {
    const { code } = (await anna.post(`${path}/invites`, { max_uses: 3 })).body;
    const answers = await Promise.all(Array.from({ length: 8 }, (_, n) => join('carl', code, n % 2)));
    expect(answers.map(({ status }) => status).sort()).toEqual([...Array.from({ length: 7 }, () => 200), 201]);
    expect(await usesOf()).toBe(1);
  });

  it('says why it lets nobody in any more', async () => {
    const expiring = (await anna.post(`${path}/invites`, { expires_in: 1 })).body;
    await waitFor('it expires', 5_000, async () => {
      const answer = await join('carl', expiring.code);
      if (answer.status === 201) await tenant.acting('carl').delete(`${path}/members/me`);
      return answer.status === 409 && answer.body.code === 'invite_expired';
    });
    const revoked = (await anna.post(`${path}/invites`, {})).body;
    expect((await anna.delete(`${path}/invites/${revoked.id}`)).status).toBe(204);
    expect(await anna.delete(`${path}/invites/${revoked.id}`)).toMatchObject({
      status: 404,
      body: { code: 'invite_not_found' },
    });
    expect(await join('carl', revoked.code, 1)).toMatchObject({ status: 409, body: { code: 'invite_revoked' } });
    expect(await join('carl', 'no-such-code')).toMatchObject({ status: 404, body: { code: 'invite_not_found' } });
    expect((await anna.get(`${path}/invites`)).body.data).toHaveLength(1);
  });

  it('is for admins and the owner to make, list and revoke', async () => {
    const { id } = (await anna.post(`${path}/invites`, {})).body;
    for (const answer of [
      await ben.post(`${path}/invites`, {}),
      await ben.get(`${path}/invites`),
      await ben.delete(`${path}/invites/${id}`),
    ]) {
      expect(answer).toMatchObject({ status: 403, body: { code: 'admin_required' } });
    }
    for (const body of [
      { expires_in: 0 },
      { expires_in: '1h' },
      { max_uses: 0 },
      { max_uses: 1.5 },
      { code: 'mine' },
    ]) {
      expect((await anna.post(`${path}/invites`, body)).status).toBe(400);
    }
    for (const body of [{}, { code: '' }, { code: { $ne: null } }, { code: ['x'] }]) {
      expect((await ben.post('/v1/groups/join', body)).status).toBe(400);
    }
    await anna.put(`${path}/members/ben`, { role: 'admin' });
    expect((await ben.delete(`${path}/invites/${id}`)).status).toBe(204);
  });
});
