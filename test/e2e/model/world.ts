import { isDeepStrictEqual } from 'node:util';
import {
  ChatClient,
  allOf,
  freshState,
  waitFor,
  type Acknowledgement,
  type Answer,
  type ConversationState,
  type Get,
  type MembershipData,
  type MessageState,
  type Snapshot,
  type TenantSession,
  type Told,
} from '#caas/testing';
import { Absences } from './absences';
import { Memberships, notInOrder, rolesByEvents } from './memberships';

const SETTLED_MS = 15_000;
const LOOK_EVERY_MS = 200;
/** Small, so that one call of `sync` seldom tells everything. */
const SYNC_LIMIT = 4;

export interface MessageBody {
  client_message_id: string;
  text: string;
  [field: string]: unknown;
}

/** A message as its sender sent it, for sending it again. */
export interface SentMessage {
  conversationId: string;
  sender: string;
  body: MessageBody;
  /** Of a poll. */
  optionIds: string[];
  id: string;
  seq: number;
}

/** What an action needs to know, and what it leaves behind for others: users, their clients, and what there is by now. */
export class World {
  readonly clients: ChatClient[] = [];
  /** Of the observer, a member of every group who does nothing and is always there: so nothing happens unheard. */
  private readonly watching: ChatClient[] = [];
  /** External ids of the members of each conversation, as far as is known. */
  readonly members = new Map<string, Set<string>>();
  /** Whom they were opened with. */
  private readonly opened = new Map<string, Set<string>>();
  /** Of the conversations that a group owns: its id. */
  readonly groups = new Map<string, string>();
  readonly sent: SentMessage[] = [];
  private readonly absences = new Absences();
  private sends = 0;

  private constructor(
    private readonly tenant: TenantSession,
    readonly users: string[],
    readonly observer: string,
    /** In no conversation, ever. */
    private readonly outsider: string,
  ) {}

  /** Four users, the first with two devices, and one who is in nothing; their clients at both processes. */
  static async create(tenant: TenantSession, run: string): Promise<World> {
    const users = ['anna', 'ben', 'carl', 'dora'].map((name) => `${name}-${run}`);
    const world = new World(tenant, users, `olga-${run}`, `eve-${run}`);
    await tenant.users(...users, world.observer, world.outsider);
    const devices = [users[0]!, ...users];
    await Promise.all(devices.map((user, at) => world.addClient(world.clients, user, at % 2)));
    await Promise.all([world.observer, world.outsider].map((user, at) => world.addClient(world.watching, user, at)));
    return world;
  }

  nextClientMessageId(): string {
    return `m-${(this.sends += 1)}`;
  }

  open(id: string, members: string[]): void {
    if (this.opened.has(id)) return;
    this.opened.set(id, new Set(members));
    this.members.set(id, new Set(members));
  }

  /** Call it before asking to let somebody in. @returns what to call with whether they were */
  lettingIn(id: string, user: string): (isDone: boolean) => void {
    const answered = this.absences.lettingIn(id, user);
    return (isDone) => {
      answered();
      if (isDone) this.members.get(id)!.add(user);
    };
  }

  /** Call it before asking to remove somebody. @returns what to call with whether they were */
  takingOut(id: string, user: string): (isDone: boolean) => void {
    const removed = this.absences.takingOut(id, user);
    return (isDone) => {
      if (!isDone) return;
      removed();
      this.members.get(id)!.delete(user);
    };
  }

  /** Call it before sending. @returns what to call with the message that is acknowledged */
  sending(sender: string, conversationId: string, body: MessageBody): (message: MessageState) => void {
    const acknowledged = this.absences.sending(conversationId, this.users);
    return ({ id, seq, poll }) => {
      acknowledged(seq);
      const optionIds = poll?.options.map((each) => each.id) ?? [];
      this.sent.push({ conversationId, sender, body, id, seq, optionIds });
    };
  }

  conversationsOf(user: string): string[] {
    return [...this.members].filter(([, members]) => members.has(user)).map(([id]) => id);
  }

  /** A call of a user at one of the processes. @throws Error for an answer that says that the server is at fault */
  async rest(user: string, method: string, path: string, body?: unknown, process = 0): Promise<Answer> {
    const answer = await this.tenant.acting(user, process).call(method, path, body);
    if (answer.status >= 500) throw new Error(`${method} ${path}: ${JSON.stringify(answer.body)}`);
    return answer;
  }

  /** The same over the socket of one of the user's devices; null when none is connected. */
  async overSocket(user: string, message: string, payload: object): Promise<Acknowledgement<MessageState> | null> {
    const client = this.clients.find((each) => each.user === user && each.isConnected);
    const answer = await client?.request<MessageState>(message, payload).catch((error: unknown) => {
      // Cut off by an action of another: whether it was done, the final comparison sees.
      if (client.isConnected) throw error;
    });
    if (!answer) return null;
    if (!answer.ok && answer.error.status >= 500) throw new Error(`${message}: ${JSON.stringify(answer.error)}`);
    return answer;
  }

  connect(client: ChatClient, process: number): Promise<void> {
    return client.connect(this.tenant.urlOf(process));
  }

  /** Everybody who went away comes back, and hears of everything. */
  async settle(): Promise<void> {
    const away = this.clients.filter(({ isConnected }) => !isConnected);
    await Promise.all(away.map((client, at) => this.connect(client, at % 2)));
    await this.rowsFollow();
    for (const client of this.everybody) {
      let left: unknown = null;
      const hasHeard = async () => {
        left = differences(client, await this.inboxOf(client.user));
        return client.isSettled && left === null;
      };
      const what = `${client.user} to have heard of everything`;
      await waitFor(what, SETTLED_MS, hasHeard, LOOK_EVERY_MS).catch((error: Error) => {
        const { isConnected, isSettled } = client;
        throw new Error(`${error.message}: ${JSON.stringify({ isConnected, isSettled, left })}`);
      });
    }
  }

  /** Every conversation's row says what its messages say: on another process than theirs, that takes a moment. */
  private async rowsFollow(): Promise<void> {
    for (const [id, first] of this.opened) {
      const someone = first.has(this.observer) ? this.observer : [...first][0]!;
      await waitFor(
        `the row of ${id} to follow`,
        SETTLED_MS,
        async () => {
          const path = `/v1/conversations/${id}`;
          const { status, body: row } = await this.rest(someone, 'GET', path);
          const { body: newest } = await this.rest(someone, 'GET', `${path}/messages?limit=1`);
          return status === 404 || row.last_seq === ((newest.data as MessageState[])[0]?.seq ?? 0);
        },
        LOOK_EVERY_MS,
      );
    }
  }

  private inboxOf(user: string): Promise<ConversationState[]> {
    return allOf<ConversationState>(this.getterOf(user), '/v1/conversations?');
  }

  /** What each client made of its events is what the server answers to its user. */
  async compare(): Promise<void> {
    const memberships = new Memberships(this.everybody.flatMap(({ told }) => told));
    for (const client of this.everybody) {
      const own = [...client.replicas].map(([id, { snapshot }]) => [id, snapshot]);
      const state = Object.fromEntries(await this.stateOf(client.user));
      expect({ user: client.user, state: Object.fromEntries(own) }).toEqual({ user: client.user, state });
      expect(client.faults).toEqual([]);
      const { user } = client;
      const isTheirs = (told: Told) =>
        memberships.mayHear(user, told, this.openedWith(told)) && !this.absences.isHidden(user, told);
      const notTheirs = [...client.told.filter((told) => !isTheirs(told)), ...notInOrder(user, client.told)];
      expect({ user, notTheirs }).toEqual({ user, notTheirs: [] });
    }
    for (const user of this.users) await this.compareInbox(user);
    for (const [id, first] of this.opened) if (first.has(this.observer)) await this.compareRoles(id);
  }

  /** What is archived is in one inbox, the rest in the other, and both are what there is. */
  private async compareInbox(user: string): Promise<void> {
    const rows = (archived: string) =>
      allOf<ConversationState>(this.getterOf(user), `/v1/conversations?archived=${archived}&`);
    const [put, kept] = [await rows('true'), await rows('false')];
    expect(put.filter(({ preferences }) => !preferences.archived)).toEqual([]);
    expect(kept.filter(({ preferences }) => preferences.archived)).toEqual([]);
    const all = await allOf<ConversationState>(this.getterOf(user), '/v1/conversations?');
    expect([...put, ...kept].map(({ id }) => id).sort()).toEqual(all.map(({ id }) => id).sort());
  }

  /** Everybody is what the events say, in the list of members and to themselves; and who is kept out is not in. */
  private async compareRoles(id: string): Promise<void> {
    const path = `/v1/conversations/${id}`;
    if ((await this.rest(this.observer, 'GET', path)).status === 404) return;
    const rows = await allOf<MembershipData>(this.getterOf(this.observer), `${path}/members?`);
    const roles = Object.fromEntries(rows.map(({ user, role }) => [user.user_external_id, role]));
    const watching = this.watching.find(({ user }) => user === this.observer)!;
    expect({ id, roles }).toEqual({ id, roles: rolesByEvents(this.opened.get(id)!, watching.told, id) });
    const group = this.groups.get(id);
    if (group === undefined) return;
    for (const [user, role] of Object.entries(roles)) {
      expect((await this.rest(user, 'GET', `/v1/groups/${group}`)).body).toMatchObject({ role });
    }
    const { body: bans } = await this.tenant.server().get(`/v1/groups/${group}/bans?limit=100`);
    const keptOut = (bans.data as MembershipData[]).map(({ user }) => user.user_external_id);
    expect({ id, isIn: keptOut.filter((user) => user in roles) }).toEqual({ id, isIn: [] });
  }

  /** Every acknowledged message is there once, under its id and seq; seqs have no gap, and no change is of two messages. */
  async assertAllStored(): Promise<void> {
    for (const [id, first] of this.opened) {
      const someone = first.has(this.observer) ? this.observer : [...first][0]!;
      if ((await this.rest(someone, 'GET', `/v1/conversations/${id}`)).status === 404) continue;
      const found: MessageState[] = [];
      for (let last = 0, more = true; more; last = found.length) {
        const path = `/v1/conversations/${id}/messages?limit=100&after_seq=${last}`;
        const { body } = await this.rest(someone, 'GET', path);
        found.push(...(body.data as MessageState[]));
        more = body.page.has_more as boolean;
      }
      expect(found.map(({ seq }) => seq)).toEqual(found.map((_, at) => at + 1));
      const revs = found.flatMap(({ rev }) => (rev === 0 ? [] : [rev]));
      expect(new Set(revs).size).toBe(revs.length);
      const stored = found.map((message) => `${message.sender.user_external_id} ${message.client_message_id}`);
      expect(new Set(stored).size).toBe(stored.length);
      const acknowledged = this.sent.filter(({ conversationId }) => conversationId === id);
      expect(acknowledged.filter((each) => found[each.seq - 1]?.id !== each.id)).toEqual([]);
    }
  }

  close(): void {
    for (const client of this.everybody) client.disconnect();
  }

  private get everybody(): ChatClient[] {
    return [...this.clients, ...this.watching];
  }

  private openedWith({ conversation }: Told): Set<string> {
    return this.opened.get(conversation) ?? new Set();
  }

  private getterOf(user: string): Get {
    return async <T>(path: string) => {
      const { status, body } = await this.rest(user, 'GET', path);
      if (status !== 200) throw new Error(`GET ${path}: ${JSON.stringify(body)}`);
      return body as T;
    };
  }

  private stateOf(user: string): Promise<Map<string, Snapshot>> {
    return freshState(this.getterOf(user));
  }

  private async addClient(to: ChatClient[], user: string, process: number): Promise<void> {
    const token = await this.tenant.token(user);
    const client = new ChatClient({ user, token, syncLimit: SYNC_LIMIT, reconnects: false });
    to.push(client);
    await this.connect(client, process);
  }
}

/** Where a client is not yet, by the numbers of what its user can see; null when it is there. */
function differences({ replicas }: ChatClient, inbox: ConversationState[]): unknown {
  const left = inbox.filter(({ id, rev, last_seq, preferences }) => {
    const own = replicas.get(id);
    const hasPlace = own?.rev === rev && own.seq === last_seq;
    return !hasPlace || !isDeepStrictEqual(own.snapshot.conversation.preferences, preferences);
  });
  if (left.length === 0 && replicas.size === inbox.length) return null;
  const known = [replicas.size, inbox.length];
  return {
    known,
    left: left.map((conversation) => ({ conversation, own: replicas.get(conversation.id)?.snapshot.conversation })),
  };
}
