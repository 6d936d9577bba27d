import { TIERS, sharedSystem, waitFor } from '#caas/testing';

const system = sharedSystem();

const claimsOf = (token: string) =>
  JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString()) as Record<string, unknown>;

describe.each(TIERS)('Tokens, sessions and devices on the tier %s', (tier) => {
  const tenant = system.session(tier, 'anna', 'ben');
  const server = tenant.server();

  describe('tokens', () => {
    it('last an hour unless asked otherwise, and speak for the user', async () => {
      const asked = Date.now();
      const { status, body } = await server.post('/v1/users/anna/tokens');
      expect(status).toBe(201);
      const claims = claimsOf(body.token);
      expect(claims).toMatchObject({ tid: tenant.id, sub: 'anna', sid: body.session_id });
      expect(new Date(Number(claims.exp) * 1000).toISOString()).toBe(body.expires_at);
      const longer = await server.post('/v1/users/anna/tokens', { expires_in: 86_400 });
      for (const [expires_at, seconds] of [
        [body.expires_at, 3_600],
        [longer.body.expires_at, 86_400],
      ]) {
        const made = Date.parse(expires_at) - seconds * 1_000;
        // In whole seconds.
        expect(made).toBeGreaterThan(asked - 1_000);
        expect(made).toBeLessThan(Date.now() + 1_000);
      }
      expect((await tenant.withToken(body.token, 1).get('/v1/users/me')).body.external_id).toBe('anna');
    });

    it.each([0, 86_401, 1.5, '60', null, { $gt: 0 }])('refuse to expire in %j', async (expires_in) => {
      const { status, body } = await server.post('/v1/users/anna/tokens', { expires_in });
      expect({ status, field: body.errors[0].field }).toEqual({ status: 400, field: 'expires_in' });
    });

    it('are for existing users only, and without a session when asked', async () => {
      expect(await server.post('/v1/users/nobody/tokens')).toMatchObject({ status: 404 });
      const { body } = await server.post('/v1/users/anna/tokens', { session: false });
      expect(body.session_id).toBeNull();
      expect(claimsOf(body.token)).not.toHaveProperty('sid');
      expect((await tenant.withToken(body.token).get('/v1/users/me')).status).toBe(200);
    });
  });

  it('of a user who was deleted stay dead when the user is brought back, with a session or without', async () => {
    await server.put('/v1/users/back', {});
    const made = [{}, { session: false }].map((body) => server.post('/v1/users/back/tokens', body));
    const old = (await Promise.all(made)).map(({ body }) => body.token as string);
    expect((await server.delete('/v1/users/back')).status).toBe(204);
    expect((await server.put('/v1/users/back', {})).status).toBe(201);
    const { body } = await server.post('/v1/users/back/tokens', { session: false });
    for (const api of [0, 1]) {
      for (const [token, status] of [
        [old[0]!, 401],
        [old[1]!, 401],
        [body.token as string, 200],
      ] as const) {
        await waitFor(
          'it is known here',
          5_000,
          async () => (await tenant.withToken(token, api).get('/v1/users/me')).status === status,
        );
      }
      await expect(tenant.connect(old[1], api)).rejects.toMatchObject({ data: { code: 'token_revoked' } });
    }
  });

  describe('sessions', () => {
    it('are listed with where they run, the current one marked', async () => {
      await server.put('/v1/users/lister', {});
      const first = await server.post('/v1/users/lister/tokens', {
        session: { device_id: '1', platform: 'web', name: 'Firefox' },
      });
      const second = await server.post('/v1/users/lister/tokens', {});
      const { body } = await tenant.withToken(first.body.token).get('/v1/users/me/sessions');
      expect(body.data).toEqual([
        expect.objectContaining({ id: second.body.session_id, device_id: null, platform: null, current: false }),
        {
          id: first.body.session_id,
          device_id: '1',
          platform: 'web',
          name: 'Firefox',
          current: true,
          expires_at: first.body.expires_at,
          created_at: expect.any(String),
        },
      ]);
    });

    it('stop their tokens on every process within 5 s of being revoked, and no others', async () => {
      const doomed = await server.post('/v1/users/anna/tokens');
      const other = await tenant.token('anna');
      const here = tenant.withToken(doomed.body.token);
      const there = tenant.withToken(doomed.body.token, 1);
      expect((await there.get('/v1/users/me')).status).toBe(200);
      expect((await tenant.withToken(other).delete(`/v1/users/me/sessions/${doomed.body.session_id}`)).status).toBe(
        204,
      );
      await waitFor('the end of it', 5_000, async () => (await there.get('/v1/users/me')).status === 401);
      expect(await here.get('/v1/users/me')).toMatchObject({ status: 401, body: { code: 'session_revoked' } });
      expect((await tenant.withToken(other, 1).get('/v1/users/me')).status).toBe(200);
      expect((await tenant.withToken(other).delete(`/v1/users/me/sessions/${doomed.body.session_id}`)).status).toBe(
        404,
      );
      const continued = await server.post('/v1/users/anna/tokens', { session: { id: doomed.body.session_id } });
      expect(continued).toMatchObject({ status: 404, body: { code: 'session_not_found' } });
    });

    it('go on with the next token', async () => {
      const first = await server.post('/v1/users/anna/tokens', { expires_in: 60 });
      const { session_id } = first.body;
      const next = await server.post('/v1/users/anna/tokens', { expires_in: 600, session: { id: session_id } });
      expect(next.body.session_id).toBe(session_id);
      const { body } = await tenant.withToken(next.body.token).get('/v1/users/me/sessions');
      const mine = body.data.filter(({ id }: { id: string }) => id === session_id);
      expect(mine).toEqual([expect.objectContaining({ current: true, expires_at: next.body.expires_at })]);
    });

    it('belong to one user', async () => {
      const { body } = await server.post('/v1/users/anna/tokens');
      const ben = tenant.withToken(await tenant.token('ben'));
      expect((await ben.delete(`/v1/users/me/sessions/${body.session_id}`)).status).toBe(404);
      expect((await ben.delete('/v1/users/me/sessions/x')).status).toBe(400);
      expect((await tenant.withToken(body.token).get('/v1/users/me')).status).toBe(200);
      const stolen = await server.post('/v1/users/ben/tokens', { session: { id: body.session_id } });
      expect(stolen.status).toBe(404);
    });
  });

  describe('devices', () => {
    it('are created, updated, listed, read and removed by the id the app gave them', async () => {
      const anna = tenant.acting('anna');
      const made = await anna.put('/v1/users/me/devices/127', { platform: 'ios', push_token: 'apns-1', name: 'Phone' });
      expect(made).toMatchObject({ status: 201, etag: expect.stringMatching(/^"0-/) });
      expect(made.body).toMatchObject({ device_id: '127', platform: 'ios', push_token: 'apns-1', name: 'Phone' });
      const updated = await anna.put('/v1/users/me/devices/127', { platform: 'ios', name: null });
      expect(updated).toMatchObject({ status: 200, body: { id: made.body.id, push_token: 'apns-1', name: null } });
      await anna.put('/v1/users/me/devices/web_2-x', { platform: 'web' });
      const { body } = await anna.get('/v1/users/me/devices?limit=1');
      expect(body).toMatchObject({ data: [{ device_id: 'web_2-x' }], page: { has_more: true } });
      expect((await anna.get('/v1/users/me/devices/127')).body).toEqual(updated.body);
      expect((await anna.delete('/v1/users/me/devices/127', { 'if-match': '"0"' })).status).toBe(412);
      expect((await anna.delete('/v1/users/me/devices/127')).status).toBe(204);
      expect((await anna.delete('/v1/users/me/devices/127')).body.code).toBe('device_not_found');
      expect((await tenant.acting('ben').get('/v1/users/me/devices/web_2-x')).status).toBe(404);
    });

    it('hand their push token on to who registers it next', async () => {
      const [anna, ben] = [tenant.acting('anna'), tenant.acting('ben')];
      await anna.put('/v1/users/me/devices/1', { platform: 'android', push_token: 'shared-phone' });
      await ben.put('/v1/users/me/devices/1', { platform: 'android', push_token: 'shared-phone' });
      expect((await anna.get('/v1/users/me/devices/1')).body.push_token).toBeNull();
      expect((await ben.get('/v1/users/me/devices/1')).body.push_token).toBe('shared-phone');
    });

    it.each(['a%20b', 'x'.repeat(65), '%24ne', 'a.b'])('refuse the id %s', async (id) => {
      const { status, body } = await tenant.acting('anna').put(`/v1/users/me/devices/${id}`, { platform: 'ios' });
      expect({ status, code: body.code }).toEqual({ status: 400, code: 'invalid_device_id' });
    });

    it.each([{}, { platform: 'toaster' }, { platform: { $ne: '' } }, { platform: 'ios', push_token: {} }])(
      'refuse %j',
      async (body) => expect((await tenant.acting('anna').put('/v1/users/me/devices/9', body)).status).toBe(400),
    );

    it('are one, when registered many times at once', async () => {
      const answers = await Promise.all(
        Array.from({ length: 6 }, (_, n) =>
          tenant.acting('ben', n % 2).put('/v1/users/me/devices/crowd', { platform: 'web', push_token: 'crowd' }),
        ),
      );
      expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 200, 200, 200, 201]);
    });

    it('need a user', async () => {
      expect(await server.get('/v1/users/me/devices')).toMatchObject({
        status: 400,
        body: { code: 'acting_user_required' },
      });
      expect(await server.get('/v1/users/me/sessions')).toMatchObject({ status: 400 });
    });
  });
});
