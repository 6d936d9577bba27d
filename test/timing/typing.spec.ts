import { TIERS, itOnEachTier, sharedSystem, waitFor, type LiveClient, type Room } from '#caas/testing';

/** How long somebody types who says nothing more, and when that is told again at the earliest. */
const TYPING_MS = 10_000;
const TELL_AGAIN_AFTER_MS = 4_000;

const system = sharedSystem();

const heard = (client: LiveClient, type: string) => waitFor(type, 5_000, () => client.of(type)[0]);

describe.each(TIERS)('Typing on the tier %s', (tier) => {
  const tenant = system.session(tier, 'ben', 'cleo');
  let room: Room;
  let conversation_id: string;
  let anna: LiveClient;
  let ben: LiveClient;
  let outsider: LiveClient;
  beforeAll(async () => {
    await tenant.user('anna', { display_name: 'anna!' });
    room = await tenant.room('anna', ['ben'], { type: 'direct' });
    conversation_id = room.id;
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

  const typists = async () => (await tenant.acting('ben', 1).get(`${room.path}/typing`)).body.data as unknown[];

  it('tells the others of the conversation, on another process, who types and until when', async () => {
    const before = Date.now();
    const { ok, data } = await anna.send('typing.start', { conversation_id });
    const after = Date.now();
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
    const began = Date.parse(data.expires_at) - TYPING_MS;
    expect(began).toBeGreaterThanOrEqual(before);
    expect(began).toBeLessThanOrEqual(after);

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
    expect(await tenant.acting('cleo').get(`${room.path}/typing`)).toMatchObject({
      status: 404,
      body: { code: 'conversation_not_found' },
    });
  });

  it('tells once, however often the client says so', async () => {
    const began = Date.now();
    await Promise.all(Array.from({ length: 40 }, () => anna.send('typing.start', { conversation_id })));
    // A slow machine may take long enough over it that it is told again.
    const tookMs = Date.now() - began;
    await anna.send('typing.stop', { conversation_id });
    await heard(ben, 'typing.stopped');
    expect(ben.of('typing.started').length).toBeLessThanOrEqual(1 + tookMs / TELL_AGAIN_AFTER_MS);
    expect(ben.of('typing.stopped')).toHaveLength(1);
  });

  it('says that it has stopped when the socket goes, unless another device types', async () => {
    const phone = await tenant.socket('anna', 0);
    await phone.send('typing.start', { conversation_id });
    const { data } = await anna.send('typing.start', { conversation_id });
    await heard(ben, 'typing.started');
    phone.socket.disconnect();
    // What ben says now comes after whatever the end of the first socket may have caused.
    await waitFor('it is over', 5_000, () => phone.disconnectedBecause !== null);
    await ben.send('message.send', { conversation_id, client_message_id: `${tier}-still`, text: 'still?' });
    await heard(ben, 'message.created');
    const mayHaveEnded = Date.now() >= Date.parse(data.expires_at);
    expect(ben.of('typing.stopped').length).toBeLessThanOrEqual(mayHaveEnded ? 1 : 0);
    anna.socket.disconnect();
    await heard(ben, 'typing.stopped');
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
      await tenant.acting('ben').delete('/v1/users/me/relationships/anna?type=block');
      const sentinel = { conversation_id, client_message_id: `${tier}-blocked`, text: 'sentinel' };
      await waitFor('the block is over', 5_000, async () => (await ben.send('message.send', sentinel)).ok);
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
});

describe('Typing', () => {
  itOnEachTier('ends by itself when the client says nothing more', async (tier) => {
    const tenant = await system.tenant(tier);
    await tenant.users('anna', 'ben');
    const { id: conversation_id } = await tenant.room('anna', ['ben'], { type: 'direct' });
    const [anna, ben] = [await tenant.socket('anna', 0), await tenant.socket('ben', 1)];
    const { data } = await anna.send('typing.start', { conversation_id });
    await heard(ben, 'typing.started');
    await waitFor('time is over', 15_000, () => ben.of('typing.stopped').length === 1);
    expect(Date.now()).toBeGreaterThanOrEqual(Date.parse(data.expires_at));
    expect(anna.socket.connected).toBe(true);
  });
});
