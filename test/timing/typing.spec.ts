import { waitFor } from '../../tools/stack';
import { TestSystem, type LiveClient, type TestTenant } from '../support/test-system';

const system = new TestSystem();
beforeAll(() => system.start());
afterAll(() => system.stop());

describe.each(['free', 'pro', 'enterprise'] as const)('Typing on the tier %s', (tier) => {
  let tenant: TestTenant;
  let conversation_id: string;
  let anna: LiveClient;
  let ben: LiveClient;
  let outsider: LiveClient;

  beforeAll(async () => {
    tenant = await system.tenant(tier);
    for (const id of ['anna', 'ben', 'cleo']) await tenant.server().put(`/v1/users/${id}`, { display_name: `${id}!` });
    const { body } = await tenant.acting('anna').post('/v1/conversations', { type: 'direct', member_ids: ['ben'] });
    conversation_id = body.id;
  });
  beforeEach(async () => {
    [anna, ben, outsider] = await Promise.all([
      tenant.socket('anna', 0),
      tenant.socket('ben', 1),
      tenant.socket('cleo', 1),
    ]);
  });
  afterEach(async () => {
    const wasTyping = (await typists()).length > 0 || ben.of('typing.started').length > ben.of('typing.stopped').length;
    anna.socket.disconnect();
    if (wasTyping) await waitFor('anna has stopped', 5_000, async () => (await typists()).length === 0);
    for (const client of [ben, outsider]) client.socket.disconnect();
  });

  const heard = (client: LiveClient, type: string) => waitFor(type, 5_000, () => client.of(type)[0]);
  const typists = async () =>
    (await tenant.acting('ben', 1).get(`/v1/conversations/${conversation_id}/typing`)).body.data as unknown[];

  it('tells the others of the conversation, on another process, who types and until when', async () => {
    const before = Date.now();
    const { ok, data } = await anna.send('typing.start', { conversation_id });
    expect(ok).toBe(true);
    const event = await heard(ben, 'typing.started');
    expect(event).toMatchObject({
      conversation_id,
      data: {
        user: {
          user_external_id: 'anna',
          user_display_name: 'anna!',
          user_id: expect.stringMatching(/^[0-9a-f]{24}$/),
        },
        expires_at: data.expires_at,
      },
    });
    expect(event).not.toHaveProperty('rev');
    expect(event).not.toHaveProperty('seq');
    expect(Date.parse(data.expires_at) - before).toBeGreaterThan(5_000);
    expect(Date.parse(data.expires_at) - before).toBeLessThan(15_000);

    expect(await anna.send('typing.stop', { conversation_id })).toEqual({ ok: true, data: null });
    expect((await heard(ben, 'typing.stopped')).data).toMatchObject({ user: { user_external_id: 'anna' } });
    expect(JSON.stringify(outsider.events)).not.toContain('typing');
  });

  it('shows who types to a member who opens the conversation, and nobody once they have stopped', async () => {
    await anna.send('typing.start', { conversation_id });
    const [typist] = (await waitFor('it is written', 5_000, async () => {
      const found = await typists();
      return found.length > 0 ? found : null;
    })) as object[];
    expect(typist).toMatchObject({ user: { user_external_id: 'anna' }, expires_at: expect.any(String) });
    await anna.send('typing.stop', { conversation_id });
    await waitFor('it is taken away', 5_000, async () => (await typists()).length === 0);
    expect(await tenant.acting('cleo').get(`/v1/conversations/${conversation_id}/typing`)).toMatchObject({
      status: 404,
      body: { code: 'conversation_not_found' },
    });
  });

  it('tells once, however often the client says so', async () => {
    await Promise.all(Array.from({ length: 40 }, () => anna.send('typing.start', { conversation_id })));
    await anna.send('typing.stop', { conversation_id });
    await heard(ben, 'typing.stopped');
    expect(ben.of('typing.started')).toHaveLength(1);
    expect(ben.of('typing.stopped')).toHaveLength(1);
  });

  it('says that it has stopped when the socket goes, unless another device types', async () => {
    const phone = await tenant.socket('anna', 0);
    await phone.send('typing.start', { conversation_id });
    await anna.send('typing.start', { conversation_id });
    await heard(ben, 'typing.started');
    phone.socket.disconnect();
    // What ben says now comes after whatever the end of the first socket may have caused.
    await waitFor('it is over', 5_000, () => phone.disconnectedBecause !== null);
    await ben.send('message.send', { conversation_id, client_message_id: `${tier}-still`, text: 'still?' });
    await heard(ben, 'message.created');
    expect(ben.of('typing.stopped')).toHaveLength(0);
    anna.socket.disconnect();
    await heard(ben, 'typing.stopped');
  });

  it('ends by itself when the client says nothing more', async () => {
    const { data } = await anna.send('typing.start', { conversation_id });
    await heard(ben, 'typing.started');
    await waitFor('time is over', 15_000, () => ben.of('typing.stopped').length === 1);
    expect(Date.now()).toBeGreaterThanOrEqual(Date.parse(data.expires_at));
    expect(anna.socket.connected).toBe(true);
  });

  it('refuses whom the other one blocks, strangers, and what is no conversation', async () => {
    await tenant.acting('ben').put('/v1/users/me/relationships/anna', { type: 'block' });
    try {
      await waitFor('the block is known', 5_000, async () => {
        const { ok, error } = await anna.send('typing.start', { conversation_id });
        return !ok && error.code === 'blocked';
      });
      const told = ben.of('typing.started').length;
      expect(await anna.send('typing.start', { conversation_id })).toMatchObject({ ok: false, error: { status: 403 } });
      await ben.send('message.send', { conversation_id, client_message_id: `${tier}-blocked`, text: 'sentinel' });
      await heard(ben, 'message.created');
      expect(ben.of('typing.started')).toHaveLength(told);
    } finally {
      await tenant.acting('ben').delete('/v1/users/me/relationships/anna?type=block');
    }
    for (const message of ['typing.start', 'typing.stop']) {
      expect(await outsider.send(message, { conversation_id })).toMatchObject({
        ok: false,
        error: { status: 404, code: 'conversation_not_found' },
      });
      expect(await outsider.send(message, { conversation_id: 'x' })).toMatchObject({
        ok: false,
        error: { status: 400 },
      });
      expect(await outsider.send(message, {})).toMatchObject({ ok: false, error: { status: 400 } });
    }
  });

  it('costs no command of the database that the one who types would wait for', async () => {
    await anna.send('typing.start', { conversation_id });
    const commands = async () =>
      Number(/caas_tenant_firewall_commands\{outcome="passed"\} (\d+)/.exec(await metrics())?.[1]);
    const metrics = async () => (await fetch(`${system.urls[0]}/metrics`)).text();
    const before = await commands();
    const started = Date.now();
    for (let at = 0; at < 80; at += 1) await anna.send(at % 2 ? 'typing.start' : 'typing.stop', { conversation_id });
    const seconds = (Date.now() - started) / 1000;
    // The background's: presence and typing rows once a second each, and what the caches of rights let go of.
    expect((await commands()) - before).toBeLessThan(20 + 10 * seconds);
  });
});
