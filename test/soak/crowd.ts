import { atOnce } from '../../tools/demo/at-once';
import type { DemoTenant } from '../../tools/demo/tenant';
import { ChatClient } from '../support/chat-client/chat-client';
import type { ConversationState } from '../support/chat-client/wire';

const CALLS_AT_ONCE = 12;
/** Of the crowd; the rest are conversations of two. */
const ROOM_SHARES = [0.25, 0.1, 0.1, 0.05, 0.05, 0.05, 0.05];
/** Of a group's members, those who come and go. */
const GUESTS = 0.2;
/** Of the sockets, second devices of somebody. */
const SECOND_DEVICES = 0.2;

export interface Room {
  id: string;
  /** Who is in it now; the first opened it, and stays. */
  members: string[];
  /** Who is taken out and let in again, time after time. */
  guests: string[];
}

/** The users of one tenant, what they are in, and a connected client for each of their devices. */
export class Crowd {
  readonly users: string[];
  readonly rooms: Room[] = [];
  readonly clients: ChatClient[] = [];

  constructor(
    readonly tenant: DemoTenant,
    private readonly sockets: number,
  ) {
    const count = Math.max(2, Math.round(sockets * (1 - SECOND_DEVICES)));
    this.users = Array.from({ length: count }, (_, at) => `user-${at}`);
  }

  async gather(): Promise<void> {
    await atOnce(CALLS_AT_ONCE, this.users, async (user) => {
      await this.tenant.server('PUT', `/v1/users/${user}`, { body: {} });
    });
    await atOnce(CALLS_AT_ONCE, this.plannedRooms().entries(), async ([at, members]) => {
      // Of the groups, every other one hides from those who come what was said before.
      const id = await this.open(members, at % 2 === 0 ? 'all' : 'joined');
      this.rooms.push({ id, members, guests: guestsAmong(members) });
    });
    const devices = Array.from({ length: this.sockets }, (_, at) => this.users[at % this.users.length]!);
    await atOnce(CALLS_AT_ONCE, devices.entries(), ([at, user]) => this.connect(user, at));
  }

  roomsOf(user: string): Room[] {
    return this.rooms.filter(({ members }) => members.includes(user));
  }

  clientOf(user: string): ChatClient {
    return this.clients.find((client) => client.user === user)!;
  }

  /** Ends up at one or the other of the processes. */
  urlOf(turn: number): string {
    const { urls } = this.tenant.rest;
    return urls[turn % urls.length]!;
  }

  leave(): void {
    for (const client of this.clients) client.disconnect();
  }

  private plannedRooms(): string[][] {
    const { users } = this;
    const groups = ROOM_SHARES.map((share, at) => {
      const size = Math.max(3, Math.round(users.length * share));
      const first = Math.floor((at * users.length) / ROOM_SHARES.length);
      return Array.from({ length: Math.min(size, users.length) }, (_, n) => users[(first + n) % users.length]!);
    });
    const pairs = users.slice(1).map((user, at) => [users[at]!, user]);
    return [...groups, ...pairs];
  }

  private async open([opener, ...others]: string[], history: string): Promise<string> {
    const type = others.length === 1 ? 'direct' : 'group';
    const { id } = await this.tenant.rest.expect<ConversationState>('POST', '/v1/conversations', {
      ...(await this.tenant.as(opener!, 'server_key')),
      body: { type, member_ids: others, history },
    });
    return id;
  }

  private async connect(user: string, at: number): Promise<void> {
    const token = await this.tenant.tokenOf(user);
    const client = new ChatClient({ user, token, syncLimit: 100, reconnects: true });
    this.clients.push(client);
    await client.connect(this.urlOf(at));
  }
}

const guestsAmong = (members: string[]): string[] =>
  members.length === 2 ? [] : members.slice(-Math.max(1, Math.round(members.length * GUESTS)));
