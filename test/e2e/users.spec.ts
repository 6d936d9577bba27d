import { TIERS, sharedSystem, waitFor } from '#caas/testing';

const system = sharedSystem();

describe.each(TIERS)('Users over HTTP on the tier %s', (tier) => {
  const tenant = system.session(tier);
  const server = tenant.server();

  describe('PUT', () => {
    it('creates with 201, updates with 200, and leaves alone what it does not name', async () => {
      const made = await server.put('/v1/users/anna', { display_name: 'Anna', metadata: { team: 'red' } });
      expect(made).toMatchObject({ status: 201, etag: expect.stringMatching(/^"0-/) });
      expect(made.body).toEqual({
        id: expect.stringMatching(/^[0-9a-f]{24}$/),
        external_id: 'anna',
        display_name: 'Anna',
        avatar_file_id: null,
        metadata: { team: 'red' },
        status: 'active',
        last_seen_at: null,
        created_at: expect.stringMatching(/Z$/),
        updated_at: made.body.created_at,
      });
      const updated = await server.put('/v1/users/anna', { display_name: 'Änna 😀', avatar_file_id: null });
      expect(updated).toMatchObject({ status: 200, etag: expect.stringMatching(/^"1-/) });
      expect(updated.body).toMatchObject({
        id: made.body.id,
        display_name: 'Änna 😀',
        metadata: { team: 'red' },
      });
      expect((await server.get('/v1/users/anna')).body).toEqual(updated.body);
    });

    it('calls a user without a name by the external id, also without a body', async () => {
      expect((await server.put('/v1/users/a.b_c@d:e+f-1')).body).toMatchObject({ display_name: 'a.b_c@d:e+f-1' });
    });

    it('makes one user of many requests at once', async () => {
      const answers = await Promise.all(
        Array.from({ length: 8 }, (_, n) => tenant.server(n % 2).put('/v1/users/crowd', { display_name: `C${n}` })),
      );
      expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 200, 200, 200, 200, 200, 201]);
      expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1);
    });

    it.each([
      ['display_name', ''],
      ['display_name', { $ne: '' }],
      ['display_name', ['a']],
      ['display_name', null],
      ['display_name', 'x'.repeat(900_000)],
      ['avatar_file_id', { $gt: '' }],
      ['metadata', { $where: '1' }],
      ['metadata', { text: 'x'.repeat(8 * 1024) }],
      ['metadata', []],
      ['status', 'admin'],
      ['tenant_id', 'clnt_another1'],
      ['external_id', 'else'],
    ])('refuses %s: %j by the name of the field', async (field, value) => {
      const { status, body } = await server.put('/v1/users/refused', { [field]: value });
      expect({ status, code: body.code }).toEqual({ status: 400, code: 'validation_failed' });
      expect(body.errors).toEqual([{ field, message: expect.any(String) }]);
      expect(JSON.stringify(body).length).toBeLessThan(1_000);
      expect((await server.get('/v1/users/refused')).status).toBe(404);
    });

    it.each(['%20', 'a%2Fb', 'a%00', '%C3%A4', 'x'.repeat(129)])('refuses the external id %s', async (id) => {
      expect(await server.put(`/v1/users/${id}`, {})).toMatchObject({
        status: 400,
        body: { code: 'invalid_external_id' },
      });
    });

    it('keeps metadata as they came', async () => {
      const metadata = { 'a.b': { c: null }, list: [[1.5], 'x'], '': 'empty' };
      expect((await server.put('/v1/users/keeper', { metadata })).body).toMatchObject({ metadata });
      expect((await server.get('/v1/users/keeper')).body.metadata).toEqual(metadata);
    });
  });

  describe('PATCH with If-Match', () => {
    it('changes the version that was read, and answers 412 for an older one', async () => {
      const { etag } = await server.put('/v1/users/pat', { display_name: 'Pat' });
      const first = await server.patch('/v1/users/pat', { display_name: 'Patricia' }, { 'if-match': etag! });
      expect(first).toMatchObject({
        status: 200,
        etag: expect.stringMatching(/^"1-/),
        body: { display_name: 'Patricia' },
      });
      const second = await server.patch('/v1/users/pat', { display_name: 'Patrick' }, { 'if-match': etag! });
      expect(second).toMatchObject({ status: 412, body: { code: 'stale_version' } });
      expect(await server.delete('/v1/users/pat', { 'if-match': etag! })).toMatchObject({ status: 412 });
      expect((await server.get('/v1/users/pat')).body.display_name).toBe('Patricia');
    });

    it('lets one of many with the same version through', async () => {
      const { etag } = await server.put('/v1/users/race', {});
      const answers = await Promise.all(
        Array.from({ length: 6 }, (_, n) =>
          tenant.server(n % 2).patch('/v1/users/race', { display_name: `R${n}` }, { 'if-match': etag! }),
        ),
      );
      expect(answers.map(({ status }) => status).sort()).toEqual([200, 412, 412, 412, 412, 412]);
    });

    it('loses none of many changes without a version', async () => {
      await server.put('/v1/users/busy', {});
      const answers = await Promise.all(
        Array.from({ length: 6 }, (_, n) => tenant.server(n % 2).patch('/v1/users/busy', { metadata: { n } })),
      );
      expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200, 200]);
      expect((await server.get('/v1/users/busy')).etag).toMatch(/^"6-/);
    });

    it('is not made stale by the user being seen', async () => {
      const user = await tenant.user('seen');
      const { etag } = await server.get('/v1/users/seen');
      const before = Date.now();
      await user.get('/v1/users/me');
      const seen = await waitFor('last_seen_at', 5_000, async () => {
        const { body } = await server.get('/v1/users/seen');
        return (body.last_seen_at as string | null) ?? undefined;
      });
      expect(Date.parse(seen)).toBeGreaterThanOrEqual(before);
      expect(Date.parse(seen)).toBeLessThanOrEqual(Date.now());
      expect((await server.patch('/v1/users/seen', { display_name: 'Seen' }, { 'if-match': etag! })).status).toBe(200);
    });
  });

  describe('DELETE and revival', () => {
    it('hides the user, ends their tokens everywhere, and PUT brings them back', async () => {
      const user = await tenant.user('leaver', { display_name: 'Leaver', metadata: { kept: true } });
      const { body: before } = await user.get('/v1/users/me');
      await user.put('/v1/users/me/devices/1', { platform: 'ios', push_token: 'p' });
      expect((await server.delete('/v1/users/leaver')).status).toBe(204);
      expect((await server.get('/v1/users/leaver')).body.code).toBe('user_not_found');
      expect((await server.delete('/v1/users/leaver')).status).toBe(404);
      expect(await user.get('/v1/users/me')).toMatchObject({ status: 401, body: { code: 'user_deleted' } });
      expect(await tenant.acting('leaver', 1).get('/v1/users/me')).toMatchObject({ body: { code: 'user_deleted' } });
      const revived = await server.put('/v1/users/leaver', { display_name: 'Back' });
      expect(revived).toMatchObject({
        status: 201,
        body: { id: before.id, display_name: 'Back', metadata: { kept: true } },
      });
      expect(await user.get('/v1/users/me')).toMatchObject({ status: 401, body: { code: 'session_revoked' } });
      expect((await tenant.acting('leaver').get('/v1/users/me/devices')).body.data).toEqual([]);
    });

    it('lets users delete themselves, and nobody else', async () => {
      const user = await tenant.user('self');
      await server.put('/v1/users/bystander', {});
      expect(await user.delete('/v1/users/bystander')).toMatchObject({
        status: 403,
        body: { code: 'server_key_required' },
      });
      expect((await user.delete('/v1/users/me')).status).toBe(204);
      expect((await server.get('/v1/users/self')).status).toBe(404);
    });
  });

  describe('what users may', () => {
    it('read and change themselves as "me"', async () => {
      const user = await tenant.user('meme', { display_name: 'Me' });
      expect((await user.get('/v1/users/me')).body).toMatchObject({ external_id: 'meme' });
      expect(await user.patch('/v1/users/me', { display_name: 'I' })).toMatchObject({ status: 200 });
      expect(await user.put('/v1/users/meme', { metadata: { a: 1 } })).toMatchObject({ status: 200 });
    });

    it('not make users, change others or their own status', async () => {
      const user = await tenant.user('modest');
      await server.put('/v1/users/other', {});
      const refusal = { status: 403, body: { code: 'server_key_required' } };
      expect(await user.put('/v1/users/new', {})).toMatchObject(refusal);
      expect(await user.patch('/v1/users/other', { display_name: 'x' })).toMatchObject(refusal);
      expect(await user.patch('/v1/users/me', { status: 'deactivated' })).toMatchObject(refusal);
      expect(await user.post('/v1/users/me/tokens')).toMatchObject(refusal);
    });

    it('read the profiles of others', async () => {
      const user = await tenant.user('reader');
      await server.put('/v1/users/public', { metadata: { about: 'me' } });
      expect((await user.get('/v1/users/public')).body).toMatchObject({ metadata: { about: 'me' } });
      expect((await user.get('/v1/users?external_ids=public')).body.data).toHaveLength(1);
      expect(await user.get('/v1/users/nobody')).toMatchObject({ status: 404, body: { code: 'user_not_found' } });
    });

    it('ask for "me" only when there is one', async () => {
      expect(await server.get('/v1/users/me')).toMatchObject({ status: 400, body: { code: 'acting_user_required' } });
      expect((await tenant.acting('anna').get('/v1/users/me')).body).toMatchObject({ external_id: 'anna' });
      expect(await tenant.acting('nobody').get('/v1/users/me')).toMatchObject({
        status: 401,
        body: { code: 'user_unknown' },
      });
    });
  });

  it('shuts out a deactivated user on every process, and lets them back in', async () => {
    const user = await tenant.user('onoff');
    const elsewhere = tenant.withToken(await tenant.token('onoff'), 1);
    expect((await elsewhere.get('/v1/users/me')).status).toBe(200);
    await server.patch('/v1/users/onoff', { status: 'deactivated' });
    await waitFor('refusal', 5_000, async () => (await elsewhere.get('/v1/users/me')).body.code === 'user_deactivated');
    expect((await user.get('/v1/users/me')).status).toBe(403);
    expect(await server.post('/v1/users/onoff/tokens')).toMatchObject({
      status: 409,
      body: { code: 'user_deactivated' },
    });
    await server.patch('/v1/users/onoff', { status: 'active' });
    await waitFor('readmission', 5_000, async () => (await elsewhere.get('/v1/users/me')).status === 200);
  });
});
