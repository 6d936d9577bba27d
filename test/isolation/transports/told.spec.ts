import { isDeepStrictEqual } from 'node:util';
import { EVENTS, type EventType } from '#caas/contracts';
import { sharedSystem, TIERS, waitFor, type Caller, type LiveClient, type Room } from '#caas/testing';

type Told = LiveClient['events'][number];

/** Can the receiver read by REST what the event tells? `own`: it is about the receiver's own socket or belongings alone. */
type ReadableByRest = 'own' | ((caller: Caller, event: Told) => Promise<boolean>);

const reads = async (caller: Caller, path: string) => (await caller.get(path)).status === 200;
const message = (id: (event: Told) => unknown) => (caller: Caller, event: Told) =>
  reads(caller, `/v1/messages/${String(id(event))}`);
const conversation = (caller: Caller, { conversation_id }: Told) =>
  reads(caller, `/v1/conversations/${conversation_id}`);
const lists =
  (part: string) =>
  async (caller: Caller, { conversation_id, data }: Told) => {
    const { status, body } = await caller.get(`/v1/conversations/${conversation_id}/${part}?limit=100`);
    const { user_id } = data['user'] as { user_id: string };
    return status === 200 && body.data.some(({ user }: { user: { user_id: string } }) => user.user_id === user_id);
  };

/** Every event that there is. One that is not here fails the suite. */
const READABLE: Record<EventType, ReadableByRest> = {
  'message.created': message(({ data }) => data['id']),
  'message.updated': message(({ data }) => data['id']),
  'message.deleted': message(({ data }) => data['id']),
  'reaction.added': message(({ data }) => data['message_id']),
  'reaction.removed': message(({ data }) => data['message_id']),
  'poll.voted': message(({ data }) => data['message_id']),
  'change.hidden': conversation,
  'conversation.created': conversation,
  'conversation.updated': conversation,
  // That it has ended, and that one is in it no longer, is the last that its members hear of it.
  'conversation.deleted': 'own',
  'member.added': conversation,
  'member.updated': conversation,
  'member.removed': async (caller, event) =>
    (event.data['user'] as { user_external_id: string }).user_external_id === 'gone' || conversation(caller, event),
  'receipt.updated': lists('receipts'),
  // It may have ended since: what counts is whether there is a block.
  'typing.started': lists('receipts'),
  'typing.stopped': lists('receipts'),
  'presence.changed': async (caller, { data }) => {
    for (const { user, status } of data['changes'] as { user: { user_external_id: string }; status: string }[]) {
      const { body } = await caller.get(`/v1/users/${user.user_external_id}/presence`);
      if (status !== 'offline' && body.status === 'offline') return false;
    }
    return true;
  },
  'user.updated': (caller, { data }) => reads(caller, `/v1/users/${String(data['external_id'])}`),
  'file.updated': 'own',
  'session.revoked': 'own',
  'session.expiring': 'own',
  'server.closing': 'own',
  'connection.cut': 'own',
  'scheduled_message.updated': 'own',
  'keys.low': 'own',
  'keys.changed': 'own',
  // Told to whoever uses the tenant, though only its server can ask: a person learns why they will be refused.
  'quota.warning': 'own',
};

/** What the story below must have made somebody hear. */
const HEARD: EventType[] = [
  'message.created',
  'message.updated',
  'message.deleted',
  'reaction.added',
  'reaction.removed',
  'poll.voted',
  'change.hidden',
  'conversation.created',
  'conversation.updated',
  'conversation.deleted',
  'member.added',
  'member.updated',
  'member.removed',
  'receipt.updated',
  'typing.started',
  'typing.stopped',
  'presence.changed',
];

const PEOPLE = ['anna', 'ben', 'late', 'gone', 'apart', 'out', 'last'];

it('every kind of event has its case', () => {
  expect(Object.keys(READABLE).sort()).toEqual(Object.keys(EVENTS).sort());
});

describe.each(TIERS)('What sockets are told on the tier %s', (tier) => {
  const system = sharedSystem();
  const tenant = system.session(tier, ...PEOPLE);
  const sockets = new Map<string, LiveClient>();
  const anna = tenant.as('anna');
  let room: Room;

  it('is what their users can read by REST, of each kind', async () => {
    for (const [at, name] of PEOPLE.entries()) sockets.set(name, await tenant.socket(name, at % 2));
    room = await tenant.room('anna', ['ben', 'gone', 'apart'], { history: 'joined' });
    const old = [
      await tenant.message('anna', room),
      await tenant.message('anna', room),
      await tenant.message('ben', room),
    ];
    const { body: poll } = await anna.post(`${room.path}/messages`, {
      client_message_id: 'poll',
      type: 'poll',
      poll: { question: 'which?', options: [{ text: 'this' }, { text: 'that' }] },
    });
    await anna.delete(`${room.path}/members/gone`);
    await anna.post(`${room.path}/members`, { member_ids: ['late'] });
    await tenant.as('apart').put('/v1/users/me/relationships/anna', { type: 'block' });
    await waitFor('they are in and out', 5_000, () => sockets.get('gone')!.of('member.removed').length > 0);
    for (const socket of sockets.values()) socket.events.length = 0;

    await anna.patch(`/v1/messages/${old[0]!.id}`, { text: 'hidden from late' });
    await anna.put(`/v1/messages/${old[0]!.id}/reactions/👍`);
    await anna.delete(`/v1/messages/${old[0]!.id}/reactions/👍`);
    await anna.put(`/v1/messages/${old[0]!.id}/pin`);
    await tenant.message('ben', room, { thread_root_id: old[1]!.id });
    await anna.delete(`/v1/messages/${old[1]!.id}`);
    await tenant.as('ben').put(`/v1/messages/${poll.id}/votes`, { option_ids: [poll.poll.options[0].id] });
    const fresh = await tenant.message('anna', room, { reply_to_id: old[2]!.id });
    await tenant.as('late').put(`/v1/messages/${fresh.id}/reactions/👍`);
    await sockets.get('anna')!.send('typing.start', { conversation_id: room.id });
    await sockets.get('anna')!.send('typing.stop', { conversation_id: room.id });
    await sockets.get('anna')!.send('presence.set', { status: 'busy' });
    await tenant.as('ben').put(`${room.path}/read`, { seq: fresh.seq });
    await anna.patch(room.path, { name: 'another' });
    await anna.post(`${room.path}/members`, { member_ids: ['last'] });
    await waitFor('ben has heard of it', 10_000, () => sockets.get('ben')!.of('presence.changed').length > 0);
    await waitFor('late has heard of it', 10_000, () => sockets.get('late')!.of('member.added').length > 0);

    // While rights are as they were when it was told.
    for (const [name, { events }] of sockets) {
      for (const event of [...events]) {
        const isReadable = READABLE[event.type as EventType];
        if (isReadable === 'own') continue;
        const { type, data } = event;
        expect([name, type, data, await isReadable(tenant.as(name), event)]).toEqual([name, type, data, true]);
      }
    }
    expect(sockets.get('out')!.events.filter(({ conversation_id }) => conversation_id === room.id)).toEqual([]);
    expect(sockets.get('gone')!.events.filter(({ conversation_id }) => conversation_id === room.id)).toEqual([]);
    expect(JSON.stringify(sockets.get('late')!.events)).not.toContain('hidden from late');

    // No place in the order is missing, whatever was hidden.
    const about = (name: string) => sockets.get(name)!.events.filter((e) => e.conversation_id === room.id);
    const revs = (name: string) => about(name).flatMap(({ rev }) => rev ?? []);
    const seqs = (name: string) => about(name).flatMap(({ seq, rev }) => (rev === undefined ? (seq ?? []) : []));
    const lastOf = (name: string) => [Math.max(...seqs(name)), Math.max(...revs(name))];
    await waitFor('late has all of it', 5_000, () => isDeepStrictEqual(lastOf('late'), lastOf('ben')));
    expect([seqs('late'), revs('late')]).toEqual([seqs('ben'), revs('ben')]);

    const apart = (await anna.post('/v1/groups', { name: 'ends', member_ids: ['ben'] })).body;
    await anna.put(`/v1/groups/${apart.id}/members/ben`, { role: 'admin' });
    await waitFor('it is told', 5_000, () => sockets.get('ben')!.of('member.updated').length > 0);
    await anna.delete(`/v1/groups/${apart.id}/members/ben`);
    await anna.delete(`/v1/groups/${apart.id}`);
    await anna.delete(room.path);
    await waitFor('it ends', 5_000, () => sockets.get('ben')!.of('conversation.deleted').length > 0);
    const heard = new Set([...sockets.values()].flatMap(({ events }) => events.map(({ type }) => type)));
    expect([...heard]).toEqual(expect.arrayContaining(HEARD));
  });
});
