import { sharedSystem, waitFor, type Answer, type Caller, type Room } from '#caas/testing';

const system = sharedSystem();

describe.each(['starter', 'pro', 'enterprise'] as const)('Settings on the tier %s', (tier) => {
  const tenant = system.session(tier, 'anna', 'ben', 'carl');
  const anna = tenant.as('anna');
  let room: Room;
  beforeAll(async () => void (room = await tenant.room('anna', ['ben'])));

  const set = async (changes: object): Promise<Answer> => {
    const answer = await tenant.server().patch('/v1/settings', changes);
    if (answer.status !== 200) throw new Error(JSON.stringify(answer.body));
    return answer;
  };
  const send = (id: string, text: string, more: object = {}) =>
    anna.post(`${room.path}/messages`, { client_message_id: id, text, ...more });

  it('begin with the defaults of the tier, and say what they are for', async () => {
    const { status, etag, body } = await tenant.server(1).get('/v1/settings');
    expect({ status, etag }).toEqual({ status: 200, etag: expect.stringMatching(/^"0-/) });
    const members = { starter: 5_000, pro: 20_000, enterprise: 100_000 }[tier];
    expect(body).toMatchObject({
      groups: { max_members: members, invites_enabled: true },
      messages: { max_text_length: 20_000, max_metadata_bytes: 8_192, edit_window_seconds: 0 },
      moderation: { blocked_words: [], blocked_patterns: [], action: 'reject' },
      origins: { allowed: [] },
      presence: { enabled: true },
      search: { enabled: true },
      typing: { enabled: true },
    });
    const schema = (await tenant.server().get('/v1/settings/schema')).body;
    expect(schema.groups.max_members).toMatchObject({ type: 'integer', minimum: 2, default: members });
    expect(schema.moderation.action).toMatchObject({ enum: ['reject', 'mask', 'flag'] });
  });

  it('are changed by the tenant’s server alone, against the version that it saw, and go back for null', async () => {
    const { etag } = await tenant.server().get('/v1/settings');
    const changed = await tenant
      .server()
      .patch('/v1/settings', { messages: { max_text_length: 10 } }, { 'if-match': etag! });
    expect(changed).toMatchObject({ status: 200, body: { messages: { max_text_length: 10 } } });
    expect(changed.etag).not.toBe(etag);
    const stale = await tenant.server(1).patch('/v1/settings', { messages: {} }, { 'if-match': etag! });
    expect(stale).toMatchObject({ status: 412, body: { code: 'stale_version' } });
    expect((await set({ messages: { max_text_length: null } })).body.messages.max_text_length).toBe(20_000);
    for (const answer of [
      await anna.get('/v1/settings'),
      await anna.get('/v1/settings/schema'),
      await anna.patch('/v1/settings', {}),
    ]) {
      expect(answer).toMatchObject({ status: 403, body: { code: 'server_key_required' } });
    }
  });

  it('refuse what is not known or wrong, naming each, and change nothing then', async () => {
    const wrong = {
      nothing: {},
      messages: { max_text_length: 20_001, no_such: 1, edit_window_seconds: '5' },
      groups: { max_members: 1_000_001, invites_enabled: 'yes' },
      origins: { allowed: ['https://app.example', '*'] },
      moderation: { blocked_words: ['!'], blocked_patterns: ['(a'], action: 'burn' },
      typing: { enabled: false },
    };
    const refused = await tenant.server().patch('/v1/settings', wrong);
    expect(refused).toMatchObject({ status: 400, body: { code: 'invalid_settings' } });
    const fields = refused.body.errors.map(({ field }: { field: string }) => field).sort();
    expect(fields).toEqual([
      'groups.invites_enabled',
      'groups.max_members',
      'messages.edit_window_seconds',
      'messages.max_text_length',
      'messages.no_such',
      'moderation.action',
      'moderation.blocked_patterns',
      'moderation.blocked_words',
      'nothing',
      'origins.allowed',
    ]);
    expect((await tenant.server().get('/v1/settings')).body.typing.enabled).toBe(true);
    for (const body of ['[]', '"x"', 'null', '7']) {
      expect((await tenant.server().call('PATCH', '/v1/settings', body)).status).toBe(400);
    }
  });

  it('are in the audit log with their names and without their values', async () => {
    await set({ moderation: { blocked_words: ['unspeakable'] }, presence: null });
    await set({ moderation: null });
    const lines = async () => (await system.platform.get(`/platform/v1/audit-log?tenant_id=${tenant.id}`)).body.data;
    await waitFor('they are written down', 5_000, async () => JSON.stringify(await lines()).includes('presence'));
    const mine = (await lines()).filter(({ action }: { action: string }) => action === 'settings.changed');
    expect(mine.map(({ details }: { details: unknown }) => details)).toContainEqual({
      settings: ['moderation.blocked_words', 'presence'],
    });
    expect(mine[0].actor).toMatch(/^server_key:[a-z0-9]{12}$/);
    expect(JSON.stringify(mine)).not.toContain('unspeakable');
  });

  it('bound what a message may have, and how long it can be edited; what was stored before is answered as ever', async () => {
    expect((await send('long', 'twelve chars')).status).toBe(201);
    const emoji = '🙂'.repeat(5);
    await set({ messages: { max_text_length: 5, max_metadata_bytes: 10 } });
    expect(await send('too-long', '123456')).toMatchObject({
      status: 400,
      body: { code: 'text_too_long', errors: [{ field: 'text' }] },
    });
    expect(await send('with-much', 'x', { metadata: { much: 'of it' } })).toMatchObject({
      status: 400,
      body: { code: 'metadata_too_large', errors: [{ field: 'metadata' }] },
    });
    const { status, body } = await send('emoji', emoji);
    expect(status).toBe(201);
    expect(await anna.patch(`/v1/messages/${body.id}`, { text: '123456' })).toMatchObject({
      status: 400,
      body: { code: 'text_too_long' },
    });
    expect((await send('long', 'twelve chars')).headers.get('idempotency-replayed')).toBe('true');
    await set({ messages: { max_text_length: null, max_metadata_bytes: null, edit_window_seconds: 1 } });
    await waitFor('the window is over', 5_000, async () => {
      const answer = await anna.patch(`/v1/messages/${body.id}`, { text: `now ${Date.now()}` });
      return answer.status === 403 && answer.body.code === 'edit_window_over';
    });
    await set({ messages: null });
    expect((await anna.patch(`/v1/messages/${body.id}`, { text: 'again' })).status).toBe(200);
  });

  it('switch off presence, typing and invites', async () => {
    const { body: group } = await anna.post('/v1/groups', { name: 'Team' });
    const { body: invite } = await anna.post(`/v1/groups/${group.id}/invites`, {});
    await set({ presence: { enabled: false }, typing: { enabled: false }, groups: { invites_enabled: false } });
    const live = await tenant.socket('anna');
    const refused = { status: 403, code: 'feature_disabled' };
    expect((await live.send('presence.set', { status: 'busy' })).error).toMatchObject(refused);
    expect((await live.send('presence.get', { external_ids: ['ben'] })).error).toMatchObject(refused);
    const conversation_id = room.id;
    expect((await live.send('typing.start', { conversation_id })).error).toMatchObject(refused);
    for (const answer of [
      await anna.get('/v1/users/ben/presence'),
      await anna.get(`${room.path}/typing`),
      await anna.post(`/v1/groups/${group.id}/invites`, {}),
      await tenant.acting('ben').post('/v1/groups/join', { code: invite.code }),
    ]) {
      expect(answer).toMatchObject({ status: 403, body: { code: 'feature_disabled' } });
    }
    await set({ presence: null, typing: null, groups: null });
    expect((await live.send('typing.start', { conversation_id })).ok).toBe(true);
    expect((await tenant.acting('ben').post('/v1/groups/join', { code: invite.code })).status).toBe(201);
  });

  it('bound how many are in a group, also when many come at once', async () => {
    await set({ groups: { max_members: 3 } });
    const full = { status: 409, body: { code: 'group_full' } };
    const names = Array.from({ length: 8 }, (_, n) => `guest-${n}`);
    await tenant.users(...names);
    await waitFor('the other api to know', 5_000, async () => {
      const { status } = await tenant.acting('anna', 1).post('/v1/groups', { name: 'x', member_ids: names });
      return status === full.status;
    });
    for (const path of ['/v1/conversations', '/v1/groups']) {
      expect(await anna.post(path, { type: 'group', name: 'x', member_ids: names })).toMatchObject(full);
    }
    const { body: group } = await anna.post('/v1/groups', { name: 'Small' });
    const { body: invite } = await anna.post(`/v1/groups/${group.id}/invites`, {});
    const answers = await Promise.all(
      names.map((name, n) => tenant.acting(name, n % 2).post('/v1/groups/join', { code: invite.code })),
    );
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(2);
    for (const answer of answers.filter(({ status }) => status !== 201)) expect(answer).toMatchObject(full);
    expect((await anna.get(`/v1/groups/${group.id}`)).body.member_count).toBe(3);
    expect(await anna.put(`/v1/groups/${group.id}/members/carl`, { role: 'admin' })).toMatchObject(full);
    await set({ groups: null });
  });

  it('let web pages of the origins that they list call, and connect', async () => {
    const page = 'https://app.example';
    const token = await tenant.token('anna');
    const other = await system.tenant(tier);
    const ask = (caller: Caller, origin: string) => caller.call('GET', '/v1/users/anna', undefined, { origin });
    await set({ origins: { allowed: [page, 'http://localhost:5173'] } });
    const preflight = (origin: string) =>
      fetch(`${tenant.urlOf(1)}/v1/users/anna`, {
        method: 'OPTIONS',
        headers: { origin, 'access-control-request-method': 'GET' },
      });
    const both = [tenant.withToken(token, 1), tenant.server()];
    const answered = (status: number) =>
      waitFor(`both answer ${status}`, 5_000, async () => {
        const answers = await Promise.all(both.map((caller) => ask(caller, page)));
        return answers.every((answer) => answer.status === status);
      });
    await answered(200);
    expect((await preflight(page)).status).toBe(204);
    expect((await preflight('null')).status).toBe(403);
    for (const caller of both) {
      const answer = await ask(caller, page);
      expect(answer.status).toBe(200);
      expect(answer.headers.get('access-control-allow-origin')).toBe(page);
      for (const origin of ['https://evil.example', 'http://app.example', 'https://app.example:8443']) {
        const refused = await ask(caller, origin);
        expect(refused).toMatchObject({ status: 403, body: { code: 'origin_not_allowed' } });
        expect(refused.headers.get('access-control-allow-origin')).toBeNull();
      }
    }
    // Another tenant's pages are not this tenant's, and a claim without proof gets no further than its refusal.
    expect((await ask(other.server(), page)).status).toBe(403);
    expect((await ask(system.caller(null), page)).status).toBe(403);
    const [head, claims] = token.split('.');
    expect(await ask(system.caller(`${head}.${claims}.AAAA`), page)).toMatchObject({
      status: 401,
      body: { code: 'token_invalid' },
    });
    // A signed link names its tenant, and is asked about before anybody looks for the signature.
    const linked = await system.caller(null).call('GET', `/v1/users?tenant=${tenant.id}`, undefined, { origin: page });
    expect(linked.headers.get('access-control-allow-origin')).toBe(page);
    expect(linked.body.code).not.toBe('origin_not_allowed');
    const connected = await tenant.connect(token, 1, { origin: page });
    expect(connected.socket.connected).toBe(true);
    await expect(tenant.connect(token, 0, { origin: 'https://evil.example' })).rejects.toMatchObject({
      data: { code: 'origin_not_allowed' },
    });
    await set({ origins: null });
    await answered(403);
    await expect(tenant.connect(token, 0, { origin: page })).rejects.toMatchObject({
      data: { code: 'origin_not_allowed' },
    });
  });
});
