import { setTimeout as delay } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import {
  allOf,
  checkHistory,
  freshState,
  mapConcurrent,
  readMessages,
  type ConversationState,
  type MembershipData,
  type MessageState,
  type Snapshot,
  type Told,
} from '#caas/testing';
import { waitFor } from '../../tools/stack';
import type { Absence, Journal } from './journal';
import type { Room, Users } from './users';

const AT_ONCE = 8;
const SETTLED_MS = 60_000;
const CROSSING_MS = 10_000;
/** What follows from messages (unread counts, the newest message of an inbox) is right so long after a process died at the latest. */
const PROJECTED_MS = 60_000;
const LOOK_EVERY_MS = 1_000;

/** One promise of the system, kept when `faults` is empty. */
export interface Check {
  promise: string;
  /** What was looked at, in words. */
  seen: string;
  faults: string[];
}

/** Whether the system has kept what it promised. @param withinMs for what may be right a while later */
export async function check(users: Users, journal: Journal, withinMs = PROJECTED_MS): Promise<Check[]> {
  const stored = new Map<Room, MessageState[]>();
  await mapConcurrent(AT_ONCE, users.rooms, async (room) => {
    stored.set(room, await readMessages(readerOf(users, room.members[0]!), room.id));
  });
  return [
    { promise: 'every request was answered', seen: `${journal.refusals.length} were not`, faults: journal.refusals },
    ...checkMessages(journal, stored),
    checkOrder(users),
    await checkMembers(users),
    checkAbsences(users, journal),
    await eventually(withinMs, () => checkUnread(users, journal, stored)),
    await eventually(withinMs, () => checkClients(users)),
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
  users: Users,
  send: (user: string, room: Room) => Promise<void>,
  withinMs = CROSSING_MS,
): Promise<Check> {
  const faults: string[] = [];
  const rooms = users.rooms.slice(0, 10);
  for (const room of rooms) {
    const listeners = users.clients.filter(({ user }) => room.members.includes(user));
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
export async function settle(users: Users, withinMs = SETTLED_MS): Promise<Check> {
  const isOpen = () => users.clients.filter(({ isConnected, isSettled }) => !isConnected || !isSettled);
  await waitFor('all to be connected', withinMs, () => users.clients.every(({ isConnected }) => isConnected)).catch(
    () => undefined,
  );
  for (const client of users.clients) client.mend();
  await waitFor('all to have asked', withinMs, () => isOpen().length === 0).catch(() => undefined);
  const faults = isOpen().map(({ user, isConnected }) => `${user} ${isConnected ? 'still asks' : 'is away'}`);
  return { promise: 'every client came back', seen: `${users.clients.length - faults.length} did`, faults };
}

/** @returns the first account without a fault, or the last one when the time is over */
async function eventually(withinMs: number, look: () => Promise<Check>): Promise<Check> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    const account = await look();
    if (account.faults.length === 0 || Date.now() >= deadline) return account;
    await delay(Math.min(LOOK_EVERY_MS, withinMs));
  }
}

function checkMessages({ history: { acknowledged } }: Journal, stored: Map<Room, MessageState[]>): Check[] {
  const messages = [...stored.values()].flat();
  const seen = `${acknowledged.length} acknowledged, ${messages.length} readable in ${stored.size} conversations`;
  return Object.entries(checkHistory(acknowledged, messages)).map(([verdict, faults]) => ({
    promise: `0 ${verdict}`,
    seen,
    faults: faults as string[],
  }));
}

function checkOrder({ clients }: Users): Check {
  const events = clients.reduce((sum, { counts }) => sum + counts.events, 0);
  const faults = clients.flatMap((client) => client.faults);
  return { promise: '0 out of order on a socket, 0 twice', seen: `${events} events`, faults };
}

/** The list of members, and everybody's own inbox, say who is in. */
async function checkMembers(users: Users): Promise<Check> {
  const faults: string[] = [];
  await mapConcurrent(AT_ONCE, users.rooms, async ({ id, members }) => {
    const path = `/v1/conversations/${id}/members?`;
    const rows = await allOf<MembershipData>(readerOf(users, members[0]!), path);
    const found = rows.map(({ user }) => user.user_external_id);
    if (!sameNames(found, members)) faults.push(`in ${id} are ${found.sort().join()}, not ${members.sort().join()}`);
  });
  await mapConcurrent(AT_ONCE, users.names, async (user) => {
    const rows = await allOf<ConversationState>(readerOf(users, user), '/v1/conversations?');
    const found = rows.map(({ id }) => id);
    const own = users.roomsOf(user).map(({ id }) => id);
    if (!sameNames(found, own)) faults.push(`the inbox of ${user} has ${found.length} rows, not ${own.length}`);
  });
  return { promise: 'members are who was let in', seen: `${users.rooms.length} rooms`, faults };
}

/** What was done while somebody was surely out is not theirs to hear; what was on its way by then is not looked at. */
function checkAbsences({ clients }: Users, { absences, leaks }: Journal): Check {
  let events = 0;
  const faults = [...leaks];
  const heardBy = clients.map(({ user, told }) => ({
    user,
    byRoom: Map.groupBy(told, ({ conversation }) => conversation),
  }));
  for (const absence of absences) {
    const { room } = absence;
    const places = new Set<string>();
    for (const { user, byRoom } of heardBy) {
      const heard = (byRoom.get(room) ?? []).filter((told) => isMeanwhile(absence, told));
      for (const told of heard) places.add(placeOf(told));
      if (user !== absence.user) continue;
      faults.push(...heard.map((told) => `${user} was out of ${room} and heard ${told.type}, ${placeOf(told)}`));
    }
    events += places.size;
  }
  return { promise: 'who is out hears and reads nothing', seen: `${absences.length} times, ${events} events`, faults };
}

async function checkUnread(users: Users, journal: Journal, stored: Map<Room, MessageState[]>): Promise<Check> {
  const faults: string[] = [];
  let looked = 0;
  const lastSeqs = new Map([...stored].map(([{ id }, messages]) => [id, messages.length]));
  await mapConcurrent(AT_ONCE, users.names, async (user) => {
    for (const { id, unread_count } of await allOf<ConversationState>(readerOf(users, user), '/v1/conversations?')) {
      const expected = lastSeqs.get(id)! - journal.readUpTo(id, user);
      looked += 1;
      if (unread_count !== expected) faults.push(`${user} has ${unread_count} unread in ${id}, not ${expected}`);
    }
  });
  return { promise: 'unread counts right', seen: `${looked} inbox rows`, faults };
}

async function checkClients(users: Users): Promise<Check> {
  const faults: string[] = [];
  let compared = 0;
  await mapConcurrent(AT_ONCE, users.clients, async ({ user, replicas }) => {
    const fresh = await freshState(readerOf(users, user));
    for (const id of new Set([...fresh.keys(), ...replicas.keys()])) {
      compared += 1;
      if (!same(fresh.get(id), replicas.get(id)?.snapshot)) faults.push(`${user} has another state of ${id}`);
    }
  });
  return { promise: 'clients know what the server does', seen: `${compared} conversations of clients`, faults };
}

/** A message by its `seq`, a change by its `rev`. */
/**
 * Not what was heard after they were let in again, and may read: what a process stored last before it was killed is published once
 * more by the one that takes over.
 */
function isMeanwhile({ from, to, endedAtMs }: Absence, { seq, rev, atMs }: Told): boolean {
  if (endedAtMs !== null && atMs >= endedAtMs) return false;
  const order = rev === null ? 'seq' : 'rev';
  const place = rev ?? seq;
  return place !== null && place > from[order] && (to === null || place <= to[order]);
}

const placeOf = ({ seq, rev }: Told): string => (rev === null ? `seq ${seq}` : `rev ${rev}`);
const same = (a?: Snapshot, b?: Snapshot) =>
  a !== undefined && b !== undefined && isDeepStrictEqual(plain(a), plain(b));
const sameNames = (a: string[], b: string[]) => isDeepStrictEqual(a.toSorted(), b.toSorted());
const plain = (value: Snapshot): unknown => JSON.parse(JSON.stringify(value));

const isNewMessage = (room: Room) => (told: { type: string; conversation: string }) =>
  told.type === 'message.created' && told.conversation === room.id;

const readerOf = ({ tenant }: Users, user: string) => tenant.as(user).read;
