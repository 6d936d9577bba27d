import { setTimeout as delay } from 'node:timers/promises';
import { ConversationReplica } from './conversation-replica';
import { DeliveryOrder } from './delivery-order';
import { openSocket, SocketClient } from './socket-client';
import type {
  Acknowledgement,
  ConversationState,
  Envelope,
  MembershipData,
  Position,
  SyncAnswer,
  SyncRequest,
} from './wire';

const PAUSE_AFTER_FAILURE_MS = 200;

interface ClientOptions {
  /** External id. */
  user: string;
  token: string;
  /** Messages per conversation and call of `sync`. */
  syncLimit: number;
  /** Comes back by itself, to where it was connected. */
  reconnects: boolean;
}

/** An event about a conversation, as it was heard. */
export interface Told {
  type: string;
  conversation: string;
  seq: number | null;
  rev: number | null;
  /** The external id of the member it is about; of events of members. */
  about: string | null;
  /** What that member is; of events of members. */
  role: string | null;
  /** The conversation's numbers when this user came in; of `conversation.created`. */
  joinedAt: Position | null;
  /** Which of the client's connections it was heard on: 1, 2, 3, … */
  connection: number;
  /** By this process' clock. */
  atMs: number;
}

/** A user's app: everything that its user can see, by events, and by `sync` where events are missing. */
export class ChatClient {
  readonly replicas = new Map<string, ConversationReplica>();
  /** What the server must never do: an event out of order or twice on one connection. */
  readonly faults: string[] = [];
  /** Every event about a conversation that it was ever sent. */
  readonly told: Told[] = [];
  readonly counts = { events: 0, syncs: 0, connections: 0 };
  private client: SocketClient | null = null;
  private order = new DeliveryOrder();
  private isBehind = false;
  private mending: Promise<void> | null = null;

  constructor(private readonly options: ClientOptions) {}

  get user(): string {
    return this.options.user;
  }

  get isConnected(): boolean {
    return this.client?.isConnected ?? false;
  }

  get isConnecting(): boolean {
    return this.client !== null && !this.client.isConnected;
  }

  /** Nothing is known to be missing. */
  get isSettled(): boolean {
    return !this.isBehind && this.mending === null;
  }

  /** Resolves once the server has put it into all of its rooms. @throws Error when the server refuses it */
  async connect(url: string): Promise<void> {
    const { token, reconnects } = this.options;
    const client = new SocketClient(openSocket(url, token, { reconnects }), (event) => {
      if (client === this.client && event.type !== 'ready') this.hear(event);
    });
    this.client = client;
    client.socket.on('connect', () => this.begin());
    client.socket.on('ready', () => this.mend());
    await client.ready;
  }

  disconnect(): void {
    this.client?.disconnect();
    this.client = null;
  }

  /** @throws Error when there is no answer */
  request<T>(message: string, payload: object): Promise<Acknowledgement<T>> {
    if (!this.client?.isConnected) return Promise.reject(new Error('not connected'));
    return this.client.request<T>(message, payload);
  }

  /** Asks `sync` for whatever is missing, until nothing is. */
  mend(): void {
    this.isBehind = true;
    this.mending ??= this.untilNothingIsMissing().finally(() => (this.mending = null));
  }

  private begin(): void {
    this.counts.connections += 1;
    // The server keeps an order per connection.
    this.order = new DeliveryOrder();
  }

  private hear(event: Envelope): void {
    const { type, conversation_id: id, seq, rev, data } = event;
    if (id === undefined) return;
    const { connections } = this.counts;
    this.counts.events += 1;
    const place = { seq: seq ?? null, rev: rev ?? null, joinedAt: joinedAt(event) };
    this.told.push({
      type,
      conversation: id,
      ...place,
      ...memberOf(event),
      connection: connections,
      atMs: performance.now(),
    });
    this.watchOrder(id, event);
    const known = this.replicas.get(id);
    if (type === 'conversation.created') {
      if (!known) this.join(data as ConversationState);
      return;
    }
    const isInOrder = rev !== undefined || seq !== undefined;
    // With no place in an order: this user has left, and hears no more of it.
    if (!known || !isInOrder || !known.hear(event)) this.mend();
  }

  private watchOrder(id: string, { type, seq, rev }: Envelope): void {
    const place = `seq ${seq}, rev ${rev}`;
    const before = this.order.lastOf(id);
    const fault = this.order.next(id, { seq, rev });
    const after = `after seq ${before.seq}, rev ${before.rev}`;
    if (fault) this.faults.push(`${this.user}: ${type} with ${place} of ${id} ${fault}, ${after}`);
    if (type === 'message.created' && (seq === undefined || rev !== undefined))
      this.faults.push(`${this.user}: ${type} with ${place} of ${id}`);
  }

  private join(conversation: ConversationState): void {
    this.replicas.set(conversation.id, new ConversationReplica(conversation, this.user));
    this.mend();
  }

  private async untilNothingIsMissing(): Promise<void> {
    while (this.isBehind && this.isConnected) {
      this.isBehind = false;
      const asked = new Map(this.replicas);
      const conversations = Object.fromEntries([...asked].map(([id, { seq, rev }]) => [id, { seq, rev }]));
      this.counts.syncs += 1;
      const payload: SyncRequest = { conversations, limit: this.options.syncLimit };
      const answer = await this.request<SyncAnswer>('sync', payload).catch(() => null);
      if (answer?.ok) this.take(answer.data, asked);
      else {
        this.isBehind = true;
        await delay(PAUSE_AFTER_FAILURE_MS);
      }
    }
  }

  private take({ conversations, joined, left }: SyncAnswer, asked: Map<string, ConversationReplica>): void {
    // One that was joined again since the question is another one.
    for (const id of left) if (this.replicas.get(id) === asked.get(id)) this.replicas.delete(id);
    for (const [id, changes] of Object.entries(conversations)) {
      const replica = asked.get(id);
      if (!replica || this.replicas.get(id) !== replica) continue;
      if (changes.resync_required) this.replicas.delete(id);
      if (changes.resync_required || !replica.take(changes)) this.isBehind = true;
    }
    for (const conversation of joined) {
      if (this.replicas.has(conversation.id)) continue;
      this.replicas.set(conversation.id, new ConversationReplica(conversation, this.user));
      this.isBehind = true;
    }
  }
}

function memberOf({ type, data }: Envelope): Pick<Told, 'about' | 'role'> {
  if (!type.startsWith('member.')) return { about: null, role: null };
  const { user, role } = data as MembershipData;
  return { about: user.user_external_id, role };
}

function joinedAt({ type, data }: Envelope): Position | null {
  if (type !== 'conversation.created') return null;
  const { last_seq, rev } = data as ConversationState;
  return { seq: last_seq, rev };
}
