import { freshState, History, type Get, type Told } from '#caas/testing';
import { check, checkCrossing, settle, together, type Check } from '../soak/checks';
import { Journal } from '../soak/journal';
import type { Room, Users } from '../soak/users';

const NOT_LONG_MS = 50;
const ROOM = 'room';

const messageOf = (seq: number) => ({
  id: `message-${seq}`,
  conversation_id: ROOM,
  seq,
  client_message_id: `c-${seq}`,
  sender: { user_external_id: 'anna' },
  own_reactions: [] as string[],
});
const told = (type: string, place: Pick<Told, 'seq' | 'rev'>): Told => ({
  ...{ type, conversation: ROOM, about: null, role: null, joinedAt: null, connection: 1, atMs: 0 },
  ...place,
});
const toldOf = (seq: number): Told => told('message.created', { seq, rev: null });
const changed = (rev: number): Told => told('message.updated', { seq: 1, rev });
/** How the room stood when somebody was taken out, and before they were let in again. */
const OUT = { seq: 2, rev: 6 };
const BACK = { seq: 3, rev: 7 };

/** What a soak sees of a system that keeps its promises: a room of three, of which one was out for one message and one change. */
async function aSoundSystem() {
  const server = {
    messages: [1, 2, 3, 4].map(messageOf),
    members: ['anna', 'ben', 'gus'],
    unread: { anna: 0, ben: 3, gus: 1 } as Record<string, number>,
    rooms: { anna: [ROOM], ben: [ROOM], gus: [ROOM] } as Record<string, string[]>,
  };
  const answer = (user: string, path: string): unknown => {
    const [where] = path.split('?');
    const conversation = { id: ROOM, unread_count: server.unread[user] };
    if (where === '/v1/conversations') return pageOf(server.rooms[user]!.map(() => conversation));
    if (where === `/v1/conversations/${ROOM}/messages`) return pageOf(server.messages);
    if (where === `/v1/conversations/${ROOM}/receipts`) return pageOf([]);
    const members = server.members.map((name) => ({ user: { user_external_id: name } }));
    return where === `/v1/conversations/${ROOM}/members` ? pageOf(members) : conversation;
  };
  const get =
    (user: string): Get =>
    async <T>(path: string) =>
      answer(user, path) as T;
  const clients = await Promise.all(
    server.members.map(async (user) => ({
      user,
      isConnected: true,
      isSettled: true,
      mend: () => undefined,
      told: [
        ...[1, 2, 3, 4].filter((seq) => user !== 'gus' || seq !== 3).map(toldOf),
        ...[6, 7, 8].filter((rev) => user !== 'gus' || rev !== 7).map(changed),
      ],
      faults: [] as string[],
      counts: { events: 7 },
      replicas: new Map([...(await freshState(get(user)))].map(([id, snapshot]) => [id, { snapshot }])),
    })),
  );
  const room: Room = { id: ROOM, members: [...server.members], guests: ['gus'] };
  const users = {
    names: [...server.members],
    rooms: [room],
    clients,
    roomsOf: (user: string) => (room.members.includes(user) ? [room] : []),
    tenant: { as: (user: string) => ({ read: get(user) }) },
  };
  const journal = new Journal(new History());
  for (const { id, seq, client_message_id: clientMessageId } of server.messages) {
    journal.beginSend(ROOM, 'anna', clientMessageId)({ id, seq });
  }
  journal.marked(ROOM, 'ben', 1);
  journal.left(ROOM, 'gus', OUT);
  journal.returning(ROOM, 'gus', BACK);
  journal.returned(ROOM, 'gus', 3);
  const [anna, ben, gus] = clients as [(typeof clients)[0], (typeof clients)[0], (typeof clients)[0]];
  return { server, asUsers: users as unknown as Users, journal, room, anna, ben, gus };
}
type System = Awaited<ReturnType<typeof aSoundSystem>>;

const pageOf = (data: object[]) => ({ data, page: { next_cursor: null } });
const broken = (checks: Check[]) => checks.filter(({ faults }) => faults.length > 0).map(({ promise }) => promise);

describe('The checks of the soak', () => {
  it('find no fault where there is none', async () => {
    const { asUsers, journal } = await aSoundSystem();
    const checks = await check(asUsers, journal, NOT_LONG_MS);
    expect(broken(checks)).toEqual([]);
    expect(checks.find(({ promise }) => promise.startsWith('who is out'))!.seen).toBe('1 times, 2 events');
    expect(await settle(asUsers, NOT_LONG_MS)).toMatchObject({ faults: [] });
  });

  it('find no fault in a message that a member who is back is told of once more', async () => {
    const { asUsers, journal, gus } = await aSoundSystem();
    gus.told.push({ ...toldOf(3), atMs: performance.now() });
    expect(broken(await check(asUsers, journal, NOT_LONG_MS))).toEqual([]);
  });

  it.each<[string, string, (system: System) => void]>([
    ['a refusal', 'every request was answered', ({ journal }) => journal.refusals.push('POST: 500')],
    ['a message that is gone', '0 lost', ({ server }) => server.messages.pop()],
    ['a message under another id', '0 lost', ({ server }) => (server.messages[1]!.id = 'other')],
    ['a message at another seq', '0 lost', ({ server }) => (server.messages[1]!.seq = 7)],
    ['a message twice', '0 doubled', ({ server }) => (server.messages[3]!.client_message_id = 'c-1')],
    ['a gap', '0 gaps', ({ server }) => server.messages.splice(1, 1)],
    ['another order', '0 reordered', ({ server }) => server.messages.reverse()],
    ['an event out of order', '0 out of order on a socket, 0 twice', ({ ben }) => ben.faults.push('rev 2 after rev 3')],
    ['a member too few', 'members are who was let in', ({ server }) => server.members.pop()],
    ['a member too many', 'members are who was let in', ({ room }) => room.members.pop()],
    ['an inbox without a room', 'members are who was let in', ({ server }) => (server.rooms['gus'] = [])],
    ['a message for who is out', 'who is out hears and reads nothing', ({ gus }) => gus.told.push(toldOf(3))],
    ['a change for who is out', 'who is out hears and reads nothing', ({ gus }) => gus.told.push(changed(7))],
    [
      'an event for who stays out',
      'who is out hears and reads nothing',
      ({ journal }) => journal.left(ROOM, 'gus', BACK),
    ],
    ['an answer for who is out', 'who is out hears and reads nothing', ({ journal }) => journal.leaks.push('200')],
    ['an unread count', 'unread counts right', ({ server }) => (server.unread['ben'] = 2)],
    ['a count of who returned', 'unread counts right', ({ server }) => (server.unread['gus'] = 4)],
    [
      'a client that knows other messages',
      'clients know what the server does',
      ({ ben }) => ben.replicas.get(ROOM)!.snapshot.messages.pop(),
    ],
    ['a client that knows no room', 'clients know what the server does', ({ ben }) => ben.replicas.clear()],
    [
      'a client that knows a room still',
      'clients know what the server does',
      ({ server }) => (server.rooms['ben'] = []),
    ],
  ])('find %s', async (_what, promise, breakIt) => {
    const system = await aSoundSystem();
    breakIt(system);
    expect(broken(await check(system.asUsers, system.journal, NOT_LONG_MS))).toContain(promise);
  });

  it('wait for what is right a while later', async () => {
    const { server, asUsers, journal } = await aSoundSystem();
    server.unread['ben'] = 2;
    const checked = check(asUsers, journal, 60_000);
    await new Promise((resolve) => setTimeout(resolve, NOT_LONG_MS));
    server.unread['ben'] = 3;
    expect(broken(await checked)).toEqual([]);
  });

  it('find who is away, and who still asks', async () => {
    const system = await aSoundSystem();
    system.ben.isConnected = false;
    system.gus.isSettled = false;
    expect((await settle(system.asUsers, NOT_LONG_MS)).faults).toEqual(['ben is away', 'gus still asks']);
  });

  it('find who does not hear what is sent at another process', async () => {
    const { asUsers, anna, ben, gus, room } = await aSoundSystem();
    const send = (listeners: System['ben'][]) => async () => {
      for (const client of listeners) client.told.push(toldOf(5));
    };
    expect(await checkCrossing(asUsers, send([anna, ben, gus]), NOT_LONG_MS)).toMatchObject({ faults: [] });
    const { faults } = await checkCrossing(asUsers, send([anna, gus]), NOT_LONG_MS);
    expect(faults).toEqual([`2 of 3 heard of a message in ${ROOM}`]);
    // Who is out is not waited for.
    room.members = ['anna', 'ben'];
    expect(await checkCrossing(asUsers, send([anna, ben]), NOT_LONG_MS)).toMatchObject({ faults: [] });
  });

  it('keep the faults of each tenant', () => {
    const one = (faults: string[]) => [{ promise: '0 lost', seen: '1', faults }];
    const checks = together([
      { tier: 'starter', checks: one([]) },
      { tier: 'pro', checks: one(['x']) },
    ]);
    expect(checks).toEqual([{ promise: '0 lost', seen: '1; 1', faults: ['pro: x'] }]);
  });
});
