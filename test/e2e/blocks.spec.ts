import { sharedSystem, TIERS, waitFor, type LiveClient, type Room } from '#caas/testing';

const system = sharedSystem();
const BLOCKED = { status: 403, body: { code: 'blocked' } };

describe.each(TIERS)('A block between two users on the tier %s', (tier) => {
  const tenant = system.session(tier, 'anna', 'ben', 'cara');
  const ben = tenant.as('ben', 1);
  let direct: Room;
  let common: Room;
  beforeAll(async () => {
    direct = await tenant.room('anna', ['ben'], { type: 'direct' });
    common = await tenant.room('cara', ['anna', 'ben']);
  });

  const block = async () =>
    expect((await ben.put('/v1/users/me/relationships/anna', { type: 'block' })).status).toBeLessThan(202);
  const unblock = () => ben.delete('/v1/users/me/relationships/anna?type=block');
  afterEach(unblock);

  /** The users that a list names, for one viewer. */
  const namedIn = async (list: string, viewer: string) => {
    const { body } = await tenant.as(viewer).get(`${common.path}/${list}`);
    return (body.data as { user: { user_external_id: string } }[]).map(({ user }) => user.user_external_id);
  };

  it('keeps both from writing to each other and from coming together, whoever made it, at once', async () => {
    const message = await tenant.message('anna', direct);
    await block();
    for (const [one, other] of [
      ['anna', 'ben'],
      ['ben', 'anna'],
    ] as const) {
      const caller = tenant.as(one, 1);
      const tried = {
        write: await tenant.send(one, direct, {}, 1),
        react: await caller.put(`/v1/messages/${message.id}/reactions/👍`),
        pin: await caller.put(`/v1/messages/${message.id}/pin`),
        open: await caller.post('/v1/conversations', { type: 'direct', member_ids: [other] }),
        gather: await caller.post('/v1/conversations', { type: 'group', member_ids: ['cara', other] }),
        found: await caller.post('/v1/groups', { name: 'ours', member_ids: [other] }),
      };
      for (const [what, { status, body }] of Object.entries(tried)) {
        expect([one, what, status, body?.code]).toEqual([one, what, 403, 'blocked']);
      }
      const own = await tenant.room(one, ['cara']);
      expect(await caller.post(`${own.path}/members`, { member_ids: [other] })).toMatchObject(BLOCKED);
      const group = (await caller.post('/v1/groups', { name: 'mine' })).body.id as string;
      expect(await caller.put(`/v1/groups/${group}/members/${other}`, { role: 'member' })).toMatchObject(BLOCKED);
    }
    expect(await tenant.as('anna', 1).patch(`/v1/messages/${message.id}`, { text: 'x' })).toMatchObject(BLOCKED);
    await unblock();
    expect((await tenant.send('anna', direct, {}, 1)).status).toBe(201);
  });

  it('does not bind a server key that acts as nobody', async () => {
    await block();
    const room = await tenant.room('anna', ['cara']);
    expect((await tenant.server().post(`${room.path}/members`, { member_ids: ['ben'] })).status).toBe(201);
  });

  it('leaves both in a common group: they read and write, and a mention is stored and notifies nobody', async () => {
    await block();
    const sent = await tenant.message('anna', common, { mentions: ['ben'] });
    expect(sent.mentions).toMatchObject([{ user_external_id: 'ben' }]);
    expect((await ben.get(`/v1/messages/${sent.id}`)).status).toBe(200);
    expect((await tenant.send('ben', common)).status).toBe(201);
    const mention = async () =>
      (await ben.get('/v1/mentions')).body.data.filter(({ id }: { id: string }) => id === sent.id).length as number;
    const later = await tenant.message('anna', common, { mentions: ['ben'] });
    const unread = async () => (await ben.get(common.path)).body.unread_mentions as number;
    expect([await mention(), await unread()]).toEqual([0, 0]);
    await unblock();
    expect([await mention(), await unread()]).toEqual([1, 1]);
    await ben.put(`${common.path}/read`, { seq: later.seq });
  });

  it('hides typing, presence and watermarks, in events, lists and sync alike', async () => {
    await block();
    const sockets: Record<string, LiveClient> = {
      anna: await tenant.socket('anna', 0),
      ben: await tenant.socket('ben', 1),
      cara: await tenant.socket('cara', 1),
    };
    const { seq } = await tenant.message('cara', common);
    for (const [one, other] of [
      ['anna', 'ben'],
      ['ben', 'anna'],
    ] as const) {
      await sockets[one]!.send('typing.start', { conversation_id: common.id });
      await sockets[one]!.send('conversation.read', { conversation_id: common.id, seq });
      await sockets[one]!.send('presence.set', { status: 'busy' });
      const about = (type: string) => (event: LiveClient['events'][number]) =>
        event.type === type && JSON.stringify(event.data).includes(`"${one}"`);
      for (const type of ['typing.started', 'receipt.updated', 'presence.changed']) {
        await waitFor(`cara hears ${type}`, 10_000, () => sockets['cara']!.events.some(about(type)));
        expect(sockets[other]!.events.filter(about(type))).toEqual([]);
      }
      // Its place in the order is told, so that nobody looks for what they cannot have.
      const { rev } = sockets['cara']!.events.find(about('receipt.updated'))!;
      await waitFor('the place is told', 5_000, () => sockets[other]!.of('change.hidden').some((e) => e.rev === rev));
      expect(await namedIn('receipts', other)).toEqual(expect.not.arrayContaining([one]));
      expect(await namedIn('typing', other)).toEqual(expect.not.arrayContaining([one]));
      const known = { [common.id]: { seq, rev: 0 } };
      const synced = (await tenant.as(other).post('/v1/sync', { conversations: known })).body;
      expect(JSON.stringify(synced.conversations[common.id].receipts)).not.toContain(`"${one}"`);
      expect((await tenant.as(other).get(`/v1/users/${one}/presence`)).body).toMatchObject({ status: 'offline' });
      await sockets[one]!.send('typing.stop', { conversation_id: common.id });
    }
    expect(await namedIn('receipts', 'anna')).toEqual(expect.arrayContaining(['anna', 'cara']));
    for (const { socket } of Object.values(sockets)) socket.disconnect();
  });
});
