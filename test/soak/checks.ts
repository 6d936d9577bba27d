import { isDeepStrictEqual } from 'node:util';
import { waitFor } from '../../tools/stack';
import { atOnce } from '../../tools/demo/at-once';
import type { Check } from '../../tools/demo/checks';
import type { Told } from '../support/chat-client/chat-client';
import type { Snapshot } from '../support/chat-client/conversation-replica';
import { allOf, freshState, type Get } from '../support/chat-client/fresh-state';
import type { ConversationState, MembershipData, MessageState } from '../support/chat-client/wire';
import type { Crowd, Room } from './crowd';
import type { Absence, Ledger } from './ledger';

const AT_ONCE = 8;
const SETTLED_MS = 60_000;
const CROSSING_MS = 10_000;

/** Whether the system has kept what it promised. */
export async function check(crowd: Crowd, ledger: Ledger): Promise<Check[]> {
  const stored = new Map<Room, MessageState[]>();
  await atOnce(AT_ONCE, crowd.rooms, async (room) => {
    const path = `/v1/conversations/${room.id}/messages?direction=forward&`;
    stored.set(room, await allOf<MessageState>(getter(crowd, room.members[0]!), path));
  });
  return [
    { promise: 'every request was answered', seen: `${ledger.refusals.length} were not`, faults: ledger.refusals },
    ...checkMessages(ledger, stored),
    checkOrder(crowd),
    await checkMembers(crowd),
    checkAbsences(crowd, ledger),
    await checkUnread(crowd, ledger, stored),
    await checkClients(crowd),
  ];
}

/** Of several tenants, promise by promise. */
export function together(checks: { tier: string; checks: Check[] }[]): Check[] {
  return checks[0]!.checks.map(({ promise }, at) => {
    const each = checks.map(({ tier, checks: all }) => ({ tier, ...all[at]! }));
    return {
      promise,
      seen: each.map(({ seen }) => seen).join('; '),
      faults: each.flatMap(({ tier, faults }) => faults.map((fault) => `${tier}: ${fault}`)),
    };
  });
}

/** What a user of one process sends, a user of another hears without asking. Call it when nothing else goes on. */
export async function checkCrossing(
  crowd: Crowd,
  send: (user: string, room: Room) => Promise<void>,
  withinMs = CROSSING_MS,
): Promise<Check> {
  const faults: string[] = [];
  const rooms = crowd.rooms.slice(0, 10);
  for (const room of rooms) {
    const listeners = crowd.clients.filter(({ user }) => room.members.includes(user));
    const before = new Map(listeners.map((client) => [client, client.told.length]));
    const heard = () => listeners.filter((client) => client.told.slice(before.get(client)).some(isNewMessage(room)));
    await send(room.members[0]!, room);
    await waitFor('all to hear', withinMs, () => heard().length === listeners.length).catch(() => {
      faults.push(`${heard().length} of ${listeners.length} heard of a message in ${room.id}`);
    });
  }
  return { promise: 'events reach every process again', seen: `${rooms.length} messages to whole rooms`, faults };
}

/** Every client has asked for what it may have missed. */
export async function settle(crowd: Crowd, withinMs = SETTLED_MS): Promise<Check> {
  const isOpen = () => crowd.clients.filter(({ isConnected, isSettled }) => !isConnected || !isSettled);
  await waitFor('all to be connected', withinMs, () => crowd.clients.every(({ isConnected }) => isConnected)).catch(
    () => undefined,
  );
  for (const client of crowd.clients) client.mend();
  await waitFor('all to have asked', withinMs, () => isOpen().length === 0).catch(() => undefined);
  const faults = isOpen().map(({ user, isConnected }) => `${user} ${isConnected ? 'still asks' : 'is away'}`);
  return { promise: 'every client came back', seen: `${crowd.clients.length - faults.length} did`, faults };
}

function checkMessages({ acknowledged }: Ledger, stored: Map<Room, MessageState[]>): Check[] {
  const byId = new Map([...stored.values()].flat().map((message) => [message.id, message]));
  const lost = acknowledged.filter(({ id, seq, room, clientMessageId }) => {
    const found = byId.get(id);
    return found?.seq !== seq || found.conversation_id !== room || found.client_message_id !== clientMessageId;
  });
  const doubled: string[] = [];
  const gaps: string[] = [];
  for (const [{ id }, messages] of stored) {
    const keys = messages.map((each) => `${each.sender.user_external_id} ${each.client_message_id}`);
    doubled.push(...keys.filter((key, at) => keys.indexOf(key) !== at).map((key) => `${key} in ${id}`));
    messages.forEach(({ seq }, at) => seq !== at + 1 && gaps.push(`seq ${seq} at place ${at + 1} of ${id}`));
  }
  const seen = `${acknowledged.length} acknowledged, ${byId.size} stored`;
  return [
    { promise: '0 lost', seen, faults: lost.map(({ id, seq, room }) => `${id}, seq ${seq} of ${room}`) },
    { promise: '0 doubled', seen: `${byId.size} messages by client_message_id`, faults: doubled },
    { promise: '0 gaps, pages in the order of seq', seen: `${stored.size} conversations`, faults: gaps },
  ];
}

function checkOrder({ clients }: Crowd): Check {
  const events = clients.reduce((sum, { counts }) => sum + counts.events, 0);
  const faults = clients.flatMap((client) => client.faults);
  return { promise: '0 out of order on a socket, 0 twice', seen: `${events} events`, faults };
}

/** The list of members, and everybody's own inbox, say who is in. */
async function checkMembers(crowd: Crowd): Promise<Check> {
  const faults: string[] = [];
  await atOnce(AT_ONCE, crowd.rooms, async ({ id, members }) => {
    const path = `/v1/conversations/${id}/members?`;
    const rows = await allOf<MembershipData>(getter(crowd, members[0]!), path);
    const found = rows.map(({ user }) => user.user_external_id);
    if (!sameNames(found, members)) faults.push(`in ${id} are ${found.sort().join()}, not ${members.sort().join()}`);
  });
  await atOnce(AT_ONCE, crowd.users, async (user) => {
    const rows = await allOf<ConversationState>(getter(crowd, user), '/v1/conversations?');
    const found = rows.map(({ id }) => id);
    const own = crowd.roomsOf(user).map(({ id }) => id);
    if (!sameNames(found, own)) faults.push(`the inbox of ${user} has ${found.length} rows, not ${own.length}`);
  });
  return { promise: 'members are who was let in', seen: `${crowd.rooms.length} rooms`, faults };
}

/** What was done while somebody was surely out is not theirs to hear; what was on its way by then is not looked at. */
function checkAbsences({ clients }: Crowd, { absences, leaks }: Ledger): Check {
  let events = 0;
  const faults = [...leaks];
  const heardBy = clients.map(({ user, told }) => ({
    user,
    byRoom: Map.groupBy(told, ({ conversation }) => conversation),
  }));
  for (const absence of absences) {
    const { room } = absence;
    const revs = new Set<number | null>();
    for (const { user, byRoom } of heardBy) {
      const heard = (byRoom.get(room) ?? []).filter((told) => isMeanwhile(absence, told));
      for (const { rev } of heard) revs.add(rev);
      if (user !== absence.user) continue;
      faults.push(...heard.map(({ type, rev }) => `${user} was out of ${room} and heard ${type}, rev ${rev}`));
    }
    events += revs.size;
  }
  return { promise: 'who is out hears and reads nothing', seen: `${absences.length} times, ${events} events`, faults };
}

async function checkUnread(crowd: Crowd, ledger: Ledger, stored: Map<Room, MessageState[]>): Promise<Check> {
  const faults: string[] = [];
  let looked = 0;
  const lastSeqs = new Map([...stored].map(([{ id }, messages]) => [id, messages.length]));
  await atOnce(AT_ONCE, crowd.users, async (user) => {
    for (const { id, unread_count } of await allOf<ConversationState>(getter(crowd, user), '/v1/conversations?')) {
      const expected = lastSeqs.get(id)! - ledger.readUpTo(id, user);
      looked += 1;
      if (unread_count !== expected) faults.push(`${user} has ${unread_count} unread in ${id}, not ${expected}`);
    }
  });
  return { promise: 'unread counts right', seen: `${looked} inbox rows`, faults };
}

async function checkClients(crowd: Crowd): Promise<Check> {
  const faults: string[] = [];
  let compared = 0;
  await atOnce(AT_ONCE, crowd.clients, async ({ user, replicas }) => {
    const fresh = await freshState(getter(crowd, user));
    for (const id of new Set([...fresh.keys(), ...replicas.keys()])) {
      compared += 1;
      if (!same(fresh.get(id), replicas.get(id)?.snapshot)) faults.push(`${user} has another state of ${id}`);
    }
  });
  return { promise: 'clients know what the server does', seen: `${compared} conversations of clients`, faults };
}

const isMeanwhile = ({ from, to }: Absence, { rev }: Told) => rev !== null && rev > from && (to === null || rev <= to);
const same = (a?: Snapshot, b?: Snapshot) =>
  a !== undefined && b !== undefined && isDeepStrictEqual(plain(a), plain(b));
const sameNames = (a: string[], b: string[]) => isDeepStrictEqual(a.toSorted(), b.toSorted());
const plain = (value: Snapshot): unknown => JSON.parse(JSON.stringify(value));

const isNewMessage = (room: Room) => (told: { type: string; conversation: string }) =>
  told.type === 'message.created' && told.conversation === room.id;

function getter({ tenant }: Crowd, user: string): Get {
  return async <T>(path: string) => tenant.rest.expect<T>('GET', path, await tenant.as(user, 'token'));
}
