import { setTimeout as delay } from 'node:timers/promises';
import { io, type Socket } from 'socket.io-client';
import type { Acknowledgement, Envelope, MessageView, SyncAnswer } from './wire';

const ATTEMPT_MS = 15_000;
const REPEAT_FOR_MS = 120_000;
const SYNC_AT_ONCE = 20;
const PASSING = new Set([429, 500, 503]);

/** One person's connected app: what it was told live, in which order, and what it had to ask for after a connection broke. */
export class PersonSocket {
  /** Ids of messages heard of live, and of those that only `sync` brought. */
  readonly live = new Set<string>();
  readonly mended = new Set<string>();
  readonly conversations = new Set<string>();
  /** Broken promises, which must stay 0: told twice on one connection, told after a later one, told of another tenant. */
  readonly faults = { doubled: 0, outOfOrder: 0, foreign: 0 };
  reconnects = 0;
  repeated = 0;
  /** By conversation, on the connection that is open now. */
  private readonly heard = new Map<string, { rev: number; ids: Set<string> }>();
  private readonly socket: Socket;
  private mending: Promise<void> = Promise.resolve();

  constructor(
    url: string,
    token: string,
    readonly externalId: string,
    private readonly tenantId: string,
  ) {
    this.socket = io(url, {
      path: '/realtime',
      transports: ['websocket'],
      auth: { token },
      reconnectionDelayMax: 2_000,
      forceNew: true,
    });
    this.socket.on('message.created', (event: Envelope) => this.hear(event));
  }

  /** Resolves once connected. @throws Error with the server's code when it refuses */
  async connected(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.socket.once('connect', resolve);
      this.socket.on('connect_error', (error: Error & { data?: { code?: string } }) => {
        if (error.data?.code) reject(new Error(`${this.externalId} was refused: ${error.data.code}`));
      });
    });
    this.socket.on('connect', () => this.reconnected());
  }

  /** Sends with an acknowledgement, again with the same `client_message_id` until one comes. */
  async send(message: { conversation_id: string; client_message_id: string }): Promise<MessageView> {
    const answer = await this.request<MessageView>('message.send', message);
    if (answer.ok) return answer.data;
    throw new Error(`message.send: ${JSON.stringify(answer.error)}`);
  }

  async request<T>(event: string, payload: unknown): Promise<Acknowledgement<T>> {
    const deadline = Date.now() + REPEAT_FOR_MS;
    for (;;) {
      let problem: unknown;
      try {
        const answer = (await this.socket.timeout(ATTEMPT_MS).emitWithAck(event, payload)) as Acknowledgement<T>;
        if (answer.ok || !PASSING.has(answer.error.status)) return answer;
        problem = answer.error;
      } catch (error) {
        problem = error;
      }
      if (Date.now() > deadline) throw new Error(`${event} failed for two minutes: ${JSON.stringify(problem)}`);
      this.repeated += 1;
      await delay(100);
    }
  }

  /** Asks for what changed in conversations after a `rev` of each, and notes the messages it had not heard of live. */
  async sync(since: Map<string, number>): Promise<void> {
    const entries = [...since];
    for (let at = 0; at < entries.length; at += SYNC_AT_ONCE) {
      let open = entries.slice(at, at + SYNC_AT_ONCE);
      while (open.length > 0) open = await this.syncOnce(open);
    }
  }

  async settled(): Promise<void> {
    await this.mending;
  }

  close(): void {
    this.socket.disconnect();
  }

  private hear({ conversation_id: conversation = '', rev = 0, data }: Envelope): void {
    const message = data as MessageView;
    if (message.metadata?.['tenant'] !== this.tenantId) this.faults.foreign += 1;
    const before = this.heard.get(conversation) ?? { rev: 0, ids: new Set() };
    if (before.ids.has(message.id)) this.faults.doubled += 1;
    else if (rev <= before.rev) this.faults.outOfOrder += 1;
    before.ids.add(message.id);
    this.heard.set(conversation, { rev: Math.max(rev, before.rev), ids: before.ids });
    this.live.add(message.id);
    this.conversations.add(conversation);
  }

  private reconnected(): void {
    this.reconnects += 1;
    const since = new Map([...this.heard].map(([id, { rev }]) => [id, rev]));
    this.heard.clear();
    this.mending = this.mending.then(() => this.sync(since)).catch(() => undefined);
  }

  /** Answers those that have more, with how far they are. */
  private async syncOnce(since: [string, number][]): Promise<[string, number][]> {
    const answer = await this.request<SyncAnswer>('sync', { conversations: Object.fromEntries(since) });
    if (!answer.ok) throw new Error(`sync: ${JSON.stringify(answer.error)}`);
    const changes = Object.entries(answer.data.conversations);
    for (const [id, { messages }] of changes) {
      this.conversations.add(id);
      for (const message of messages) if (!this.live.has(message.id)) this.mended.add(message.id);
    }
    return changes.filter(([, change]) => change.has_more).map(([id, change]) => [id, change.rev]);
  }
}
