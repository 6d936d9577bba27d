import { ChatClient, mapConcurrent, type TenantSession } from '#caas/testing';

const CALLS_AT_ONCE = 12;
/** Of the users; the rest are conversations of two. */
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
export class Users {
  /** External ids. */
  readonly names: string[];
  readonly rooms: Room[] = [];
  readonly clients: ChatClient[] = [];

  constructor(
    readonly tenant: TenantSession,
    private readonly sockets: number,
  ) {
    const count = Math.max(2, Math.round(sockets * (1 - SECOND_DEVICES)));
    this.names = Array.from({ length: count }, (_, at) => `user-${at}`);
  }

  /** Creates them and their rooms, and connects their devices. */
  async create(): Promise<void> {
    await mapConcurrent(CALLS_AT_ONCE, this.names, (name) => this.tenant.putUser(name));
    await mapConcurrent(CALLS_AT_ONCE, this.plannedRooms().entries(), async ([at, members]) => {
      // Of the groups, every other one hides from those who come what was said before.
      const id = await this.open(members, at % 2 === 0 ? 'all' : 'joined');
      this.rooms.push({ id, members, guests: guestsAmong(members) });
    });
    const devices = Array.from({ length: this.sockets }, (_, at) => this.names[at % this.names.length]!);
    await mapConcurrent(CALLS_AT_ONCE, devices.entries(), ([at, user]) => this.connect(user, at));
  }

  roomsOf(user: string): Room[] {
    return this.rooms.filter(({ members }) => members.includes(user));
  }

  clientOf(user: string): ChatClient {
    return this.clients.find((client) => client.user === user)!;
  }

  /** Ends up at one or the other of the processes. */
  urlOf(turn: number): string {
    const { urls } = this.tenant.system;
    return urls[turn % urls.length]!;
  }

  disconnect(): void {
    for (const client of this.clients) client.disconnect();
  }

  private plannedRooms(): string[][] {
    const { names } = this;
    const groups = ROOM_SHARES.map((share, at) => {
      const size = Math.max(3, Math.round(names.length * share));
      const first = Math.floor((at * names.length) / ROOM_SHARES.length);
      return Array.from({ length: Math.min(size, names.length) }, (_, n) => names[(first + n) % names.length]!);
    });
    const pairs = names.slice(1).map((name, at) => [names[at]!, name]);
    return [...groups, ...pairs];
  }

  private async open([opener, ...others]: string[], history: string): Promise<string> {
    const type = others.length === 1 ? 'direct' : 'group';
    return (await this.tenant.room(opener!, others, { type, history })).id;
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
