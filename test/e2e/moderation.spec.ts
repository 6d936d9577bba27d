import { sharedSystem, waitFor, type Answer } from '#caas/testing';
import { b64, creation } from '../support/tus';

const system = sharedSystem();

describe.each(['starter', 'pro', 'enterprise'] as const)('Moderation on the tier %s', (tier) => {
  const tenant = system.session(tier, 'anna', 'ben', 'carl', 'dora', 'evan');
  const [anna, ben] = [tenant.as('anna'), tenant.as('ben')];
  let room: string;
  let groupId: string;
  let count = 0;
  beforeAll(async () => {
    const { body } = await anna.post('/v1/groups', { name: 'Team', member_ids: ['ben', 'carl'] });
    groupId = body.id;
    room = `/v1/conversations/${body.conversation_id}`;
  });

  /** And both processes go by it. */
  const block = async (moderation: object | null): Promise<void> => {
    const { status, body } = await tenant.server().patch('/v1/settings', { moderation });
    if (status !== 200) throw new Error(JSON.stringify(body));
    const probe = 'probe-moderation';
    const isBlocking = moderation !== null;
    await waitFor('both processes know', 5_000, async () => {
      const answers = await Promise.all([0, 1].map((at) => named(probe, at)));
      return answers.every((name) => (name === probe) !== isBlocking);
    });
  };
  /** Where every rule below blocks the word "probe", names tell at once whether a process goes by the rules. */
  const named = async (name: string, process: number): Promise<string> => {
    const { body } = await tenant.acting('dora', process).patch('/v1/users/me', { display_name: name });
    return body.display_name ?? body.code;
  };
  const text = (text: string, more: object = {}) => ({ client_message_id: `m${(count += 1)}`, text, ...more });
  const send = (body: object, by = ben): Promise<Answer> => by.post(`${room}/messages`, body);
  const sent = async (words: string): Promise<string> => (await send(text(words))).body.id;
  const queue = async (query = 'status=open&limit=100') =>
    (await tenant.server(1).get(`/v1/moderation/cases?${query}`)).body.data;
  const caseOf = async (id: string) =>
    (await queue()).find(({ target }: { target: { id: string } }) => target.id === id);
  const decide = (caseId: string, body: object, process = 0) =>
    tenant.server(process).post(`/v1/moderation/cases/${caseId}/decisions`, body);

  describe('rejects', () => {
    beforeAll(() =>
      block({ blocked_words: ['probe', 'Grünkohl', 'kale salad'], blocked_patterns: ['\\bk[ao]le?\\d+\\b'] }),
    );
    afterAll(() => block(null));

    it('what has a blocked word or matches a pattern, over REST and sockets, without saying which', async () => {
      const live = await tenant.socket('ben', 1);
      for (const words of ['I like GRUNKOHL!', 'kale\n salad', 'try KOL42', 'gru\u0308nkohl']) {
        const refused = await send(text(words));
        expect(refused).toMatchObject({ status: 403, body: { code: 'message_blocked' } });
        expect(JSON.stringify(refused.body).toLowerCase()).not.toMatch(/kohl|kale|kol/);
        const conversation_id = room.split('/').at(-1);
        const { error } = await live.send('message.send', { conversation_id, ...text(words) });
        expect(error).toMatchObject({ status: 403, code: 'message_blocked' });
      }
      for (const words of ['Grünkohlsuppe', 'kale, and salad', 'kale'])
        expect((await send(text(words))).status).toBe(201);
    });

    it('edits, polls, scheduled messages and names as well, and not what nobody but its readers can read', async () => {
      const id = await sent('harmless');
      const blocked = { status: 403, body: { code: 'message_blocked' } };
      expect(await ben.patch(`/v1/messages/${id}`, { text: 'Grünkohl' })).toMatchObject(blocked);
      const options = [{ text: 'yes' }, { text: 'grünkohl' }];
      const poll = { client_message_id: 'poll', type: 'poll', poll: { question: 'What?', options } };
      expect(await send(poll)).toMatchObject(blocked);
      const send_at = new Date(Date.now() + 60_000).toISOString();
      expect(await ben.post(`${room}/scheduled-messages`, { text: 'Grünkohl', send_at })).toMatchObject(blocked);
      const name = { status: 403, body: { code: 'name_blocked' } };
      expect(await ben.patch('/v1/users/me', { display_name: 'Mr Grünkohl' })).toMatchObject(name);
      expect(await tenant.server().put('/v1/users/new-one', { display_name: 'Grünkohl' })).toMatchObject(name);
      expect(await anna.post('/v1/groups', { name: 'Grünkohl' })).toMatchObject(name);
      expect(await anna.patch(`/v1/groups/${groupId}`, { name: 'Grünkohl' })).toMatchObject(name);
      const opened = await anna.post('/v1/conversations', { type: 'group', member_ids: ['ben'], name: 'Grünkohl' });
      expect(opened).toMatchObject(name);
      const shown = { status: 403, body: { code: 'text_blocked' } };
      expect(await anna.post('/v1/posts', { kind: 'post', text: 'Grünkohl', visibility: 'public' })).toMatchObject(
        shown,
      );
      const post = (await anna.post('/v1/posts', { kind: 'post', text: 'fine', visibility: 'public' })).body
        .id as string;
      expect(await anna.patch(`/v1/posts/${post}`, { text: 'Grünkohl' })).toMatchObject(shown);
      expect(await anna.post('/v1/groups', { name: 'fine', description: 'Grünkohl' })).toMatchObject(shown);
      expect(await anna.patch(`/v1/groups/${groupId}`, { description: 'Grünkohl' })).toMatchObject(shown);
      const form = new FormData();
      form.append('file', new Blob(['x'], { type: 'text/plain' }), 'my Grünkohl.txt');
      expect((await anna.raw('POST', '/v1/files', {}, form)).status).toBe(403);
      const upload = await anna.raw('POST', '/v1/files/uploads', creation(1, `filename ${b64('Grünkohl.txt')}`));
      expect(upload.status).toBe(403);
      expect((await send({ client_message_id: 'secret', encrypted: 'R3LDvG5rb2hs' })).status).toBe(201);
    });
  });

  it('rejects by the longest list, whatever its phrases have in common', async () => {
    const alike = Array.from({ length: 999 }, (_, n) => `${'a '.repeat(29)}b${n}`);
    await block({ blocked_words: ['probe', ...alike] });
    const text = (end: string) => ({ client_message_id: `long-${end}`, text: `${'a '.repeat(450)}${end}` });
    expect(await send(text('b17'))).toMatchObject({ status: 403, body: { code: 'message_blocked' } });
    expect((await send(text('b1700'))).status).toBe(201);
    expect((await send(text('a'))).status).toBe(201);
    await block(null);
  });

  describe('masks', () => {
    it('what is stored, and answers repetitions by what the client sent', async () => {
      await block({ blocked_words: ['probe', 'kale'], blocked_patterns: ['\\d{4,}'], action: 'mask' });
      const body = text('Kale 12345 kaleidoscope');
      const first = await send(body);
      expect(first).toMatchObject({ status: 201, body: { text: '**** ***** kaleidoscope' } });
      const again = await send(body);
      expect(again).toMatchObject({ status: 200, body: { id: first.body.id, text: '**** ***** kaleidoscope' } });
      expect(await send({ ...body, text: '**** ***** kaleidoscope' })).toMatchObject({
        status: 422,
        body: { code: 'idempotency_mismatch' },
      });
      const edited = await ben.patch(`/v1/messages/${first.body.id}`, { text: 'more kale' });
      expect(edited.body.text).toBe('more ****');
      expect((await anna.patch(`/v1/groups/${groupId}`, { name: 'Kale club' })).body.name).toBe('**** club');
      expect((await anna.get(room)).body.name).toBe('**** club');
      await block(null);
      // Without the rules, the same again is still the same.
      expect((await send(body)).status).toBe(200);
    });

    it('what is passed on', async () => {
      const id = await sent('kale as it was');
      await block({ blocked_words: ['probe', 'kale'], action: 'mask' });
      const conversation_id = room.split('/').at(-1);
      const forwarded = await anna.post(`/v1/messages/${id}/forward`, { conversation_id, client_message_id: 'fwd' });
      expect(forwarded).toMatchObject({ status: 201, body: { text: '**** as it was' } });
      await block(null);
    });
  });

  it('flags: stores the text, and opens one case with it, also for an edit', async () => {
    // Names pass where texts are flagged: what tells that both processes know is a text.
    await tenant.server().patch('/v1/settings', { moderation: { blocked_words: ['kale'], action: 'flag' } });
    const id = await waitForFlag();
    const found = await caseOf(id);
    expect(found).toMatchObject({
      flagged: true,
      report_count: 0,
      status: 'open',
      target: { type: 'message' },
      user: { user_external_id: 'ben' },
      decision: null,
    });
    const plain = await sent('plain');
    expect(await caseOf(plain)).toBeUndefined();
    await ben.patch(`/v1/messages/${plain}`, { text: 'kale after all' });
    await ben.patch(`/v1/messages/${plain}`, { text: 'kale once more' });
    expect(await caseOf(plain)).toMatchObject({ flagged: true });
    expect((await queue()).filter(({ target }: { target: { id: string } }) => target.id === plain)).toHaveLength(1);
    await tenant.server().patch('/v1/settings', { moderation: null });
  });

  async function waitForFlag(): Promise<string> {
    let id = '';
    await waitFor('a text is flagged', 5_000, async () => {
      const { status, body } = await send(text('kale here'));
      expect({ status, text: body.text }).toEqual({ status: 201, text: 'kale here' });
      id = body.id;
      return (await caseOf(id)) !== undefined;
    });
    return id;
  }

  describe('reports', () => {
    const report = (id: string, by = anna, more: object = {}) =>
      by.post(`/v1/messages/${id}/reports`, { reason: 'spam', ...more });

    it('count once for each who reports, and all of a message are one case, also many at once', async () => {
      const id = await sent('buy now');
      const first = await report(id, anna, { detail: 'third time today' });
      expect(first).toMatchObject({
        status: 201,
        body: { reason: 'spam', detail: 'third time today', reporter: { user_external_id: 'anna' } },
      });
      expect(await report(id, anna, { reason: 'hate' })).toMatchObject({
        status: 200,
        body: { id: first.body.id, reason: 'spam' },
      });
      const other = await sent('buy now, too');
      const answers = await Promise.all(
        [0, 1, 0, 1, 0, 1].map((process, n) => report(other, tenant.acting(n < 3 ? 'anna' : 'carl', process))),
      );
      expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 200, 200, 201, 201]);
      const found = await caseOf(other);
      expect(found).toMatchObject({ report_count: 2, flagged: false, user: { user_external_id: 'ben' } });
      const { body } = await tenant.server().get(`/v1/moderation/cases/${found.id}`);
      expect(body).toMatchObject({ id: found.id, message: { id: other, text: 'buy now, too' } });
      const reporters = body.reports.map(
        (each: { reporter: { user_external_id: string } }) => each.reporter.user_external_id,
      );
      expect(reporters.sort()).toEqual(['anna', 'carl']);
    });

    it('are about what one can see and is not one’s own', async () => {
      const id = await sent('mine');
      expect(await report(id, ben)).toMatchObject({ status: 400, body: { code: 'own_target' } });
      expect(await report(id, tenant.acting('dora'))).toMatchObject({
        status: 404,
        body: { code: 'message_not_found' },
      });
      expect(await ben.post('/v1/users/me/reports', { reason: 'other' })).toMatchObject({ status: 400 });
      expect(await ben.post('/v1/users/nobody/reports', { reason: 'other' })).toMatchObject({
        status: 404,
        body: { code: 'user_not_found' },
      });
      for (const body of [{}, { reason: 'boredom' }, { reason: 'spam', detail: '' }, { reason: 'spam', more: 1 }]) {
        expect((await anna.post(`/v1/messages/${id}/reports`, body)).status).toBe(400);
      }
      await ben.delete(`/v1/messages/${id}`);
      expect(await report(id)).toMatchObject({ status: 409, body: { code: 'message_deleted' } });
      expect(await tenant.server().post(`/v1/messages/${id}/reports`, { reason: 'spam' })).toMatchObject({
        status: 400,
        body: { code: 'acting_user_required' },
      });
      for (const path of ['', `/${'a'.repeat(24)}`]) {
        expect(await anna.get(`/v1/moderation/cases${path}`)).toMatchObject({
          status: 403,
          body: { code: 'server_key_required' },
        });
      }
    });

    it('are decided: the message is deleted for everybody, and a new report opens a new case', async () => {
      const id = await sent('to go');
      await report(id);
      const { id: caseId } = await caseOf(id);
      const live = await tenant.socket('carl', 1);
      const decided = await decide(caseId, { decision: 'delete_message', note: 'spam it is' });
      expect(decided).toMatchObject({
        status: 201,
        body: {
          status: 'closed',
          decision: { decision: 'delete_message', note: 'spam it is', by: expect.stringMatching(/^server_key:/) },
          message: { id, text: null },
        },
      });
      await waitFor('Carl hears of it', 5_000, () => live.of('message.deleted').length > 0);
      expect((await anna.get(`/v1/messages/${id}`)).body.text).toBeNull();
      expect(await caseOf(id)).toBeUndefined();
      expect((await queue('status=closed')).map((each: { id: string }) => each.id)).toContain(caseId);
      const other = await sent('stays');
      await report(other);
      const first = (await caseOf(other)).id;
      expect((await decide(first, { decision: 'dismiss' })).body.status).toBe('closed');
      expect((await anna.get(`/v1/messages/${other}`)).body.text).toBe('stays');
      await report(other, tenant.acting('carl'));
      expect((await caseOf(other)).id).not.toBe(first);
    });

    it('of several decisions at once one is made', async () => {
      const id = await sent('contested');
      await report(id);
      const { id: caseId } = await caseOf(id);
      const kinds = ['dismiss', 'delete_message', 'dismiss', 'delete_message', 'dismiss', 'delete_message'];
      const answers = await Promise.all(kinds.map((decision, n) => decide(caseId, { decision }, n % 2)));
      const made = answers.filter(({ status }) => status === 201);
      expect(made).toHaveLength(1);
      for (const { status, body } of answers.filter((answer) => answer !== made[0])) {
        expect({ status, code: body.code }).toEqual({ status: 409, code: 'case_decided' });
      }
      const { text: now } = (await anna.get(`/v1/messages/${id}`)).body;
      expect(now).toBe(made[0]!.body.decision.decision === 'dismiss' ? 'contested' : null);
      expect(await decide(caseId, { decision: 'dismiss' })).toMatchObject({ status: 409 });
    });

    it('ban from the group, and deactivate', async () => {
      await anna.put(`/v1/groups/${groupId}/members/evan`, { role: 'member' });
      const { body: message } = await send(text('rude'), tenant.acting('evan'));
      await report(message.id);
      const { id: caseId } = await caseOf(message.id);
      // As somebody who is not in the group: it is the server that decides.
      const decision = { decision: 'ban_user', note: 'rude' };
      const banned = await tenant.acting('dora').post(`/v1/moderation/cases/${caseId}/decisions`, decision);
      expect(banned).toMatchObject({ status: 201, body: { decision: { by: 'dora' } } });
      expect((await anna.get(`/v1/groups/${groupId}/bans`)).body.data).toMatchObject([
        { user: { user_external_id: 'evan' }, reason: 'rude' },
      ]);
      await anna.post('/v1/users/evan/reports', { reason: 'harassment' });
      const about = (await queue()).find(({ target }: { target: { type: string } }) => target.type === 'user');
      expect(about).toMatchObject({ report_count: 1, user: { user_external_id: 'evan' } });
      expect(await decide(about.id, { decision: 'delete_message' })).toMatchObject({
        status: 400,
        body: { code: 'not_about_message' },
      });
      expect((await decide(about.id, { decision: 'deactivate_user' })).status).toBe(201);
      await waitFor(
        'Evan is out',
        6_000,
        async () => (await tenant.acting('evan', 1).get('/v1/users/me')).status === 403,
      );
      const privately = await tenant.message('ben', await tenant.room('anna', ['ben'], { type: 'direct' }));
      await report(privately.id);
      const { id: directCase } = await caseOf(privately.id);
      expect(await decide(directCase, { decision: 'ban_user' })).toMatchObject({
        status: 409,
        body: { code: 'not_in_a_group' },
      });
      // It was not decided by that, and can be decided otherwise.
      expect((await decide(directCase, { decision: 'dismiss' })).status).toBe(201);
    });
  });
});
