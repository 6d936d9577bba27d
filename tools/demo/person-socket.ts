import {
  DeliveryOrder,
  openSocket,
  RetryPolicy,
  SocketClient,
  type Acknowledgement,
  type Envelope,
  type MessageState,
  type Position,
  type SyncAnswer,
} from '#caas/testing';

const ATTEMPT_MS = 15_000;
const SYNC_AT_ONCE = 20;

/** One person's connected app: what it was told live, in which order, and what it had to ask for after a connection broke. */
export class PersonSocket {
  /** Ids of messages heard of live, and of those that only `sync` brought. */
  readonly live = new Set<string>();
  readonly mended = new Set<string>();
  readonly conversations = new Set<string>();
  /** Broken promises, which must stay 0: told twice on one connection, told after a later one, told of another tenant. */
  readonly faults = { doubled: 0, reordered: 0, foreign: 0 };
  private readonly client: SocketClient;
  /** On the connection that is open now. */
  private order = new DeliveryOrder();
  private mending: Promise<void> = Promise.resolve();

  constructor(
    url: string,
    token: string,
    readonly externalId: string,
    private readonly tenantId: string,
    private readonly retry: RetryPolicy,
  ) {
    this.client = new SocketClient(openSocket(url, token, { reconnects: true }), (event) => this.hear(event));
  }

  /** Resolves once it is in its rooms. @throws Error with the server's code when it refuses */
  async connected(): Promise<void> {
    await this.client.ready.catch((error: Error & { data?: { code?: string } }) => {
      throw new Error(`${this.externalId} was refused: ${error.data?.code ?? error.message}`);
    });
    this.client.socket.on('connect', () => this.reconnected());
  }

  /** Sends with an acknowledgement, again with the same `client_message_id` until one comes. */
  async send(message: { conversation_id: string; client_message_id: string }): Promise<MessageState> {
    const answer = await this.request<MessageState>('message.send', message);
    if (answer.ok) return answer.data;
    throw new Error(`message.send: ${JSON.stringify(answer.error)}`);
  }

  request<T>(message: string, payload: unknown): Promise<Acknowledgement<T>> {
    const attempt = () => this.client.request<T>(message, payload, ATTEMPT_MS);
    return this.retry.run(message, attempt, (answer) => (answer.ok ? null : answer.error));
  }

  /** Asks for what is new in conversations since it knew each up to some numbers, and notes the messages it had not heard of live. */
  async sync(since: ReadonlyMap<string, Position>): Promise<void> {
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
    this.client.disconnect();
  }

  private hear({ type, conversation_id: conversation = '', seq, rev, data }: Envelope): void {
    const fault = this.order.next(conversation, { seq, rev });
    if (fault) this.faults[fault] += 1;
    if (type !== 'message.created') return;
    const message = data as MessageState;
    if (message.metadata?.['tenant'] !== this.tenantId) this.faults.foreign += 1;
    this.live.add(message.id);
    this.conversations.add(conversation);
  }

  private reconnected(): void {
    const since = this.order.last;
    this.order = new DeliveryOrder();
    this.mending = this.mending.then(() => this.sync(since)).catch(() => undefined);
  }

  /** Answers those that have more, with how far they are. */
  private async syncOnce(since: [string, Position][]): Promise<[string, Position][]> {
    const answer = await this.request<SyncAnswer>('sync', { conversations: Object.fromEntries(since) });
    if (!answer.ok) throw new Error(`sync: ${JSON.stringify(answer.error)}`);
    const changes = Object.entries(answer.data.conversations);
    for (const [id, { messages }] of changes) {
      this.conversations.add(id);
      for (const message of messages) if (!this.live.has(message.id)) this.mended.add(message.id);
    }
    return changes.filter(([, change]) => change.has_more).map(([id, { seq, rev }]) => [id, { seq, rev }]);
  }
}
