import type { Tier } from '#caas/kernel';
import { Caller, roundRobin, type Answer, type Lazy } from '../clients/caller';
import { LiveClient } from '../clients/live-client';
import type { CreatedTenant, MessageState } from '../clients/wire';
import { History } from '../history/history';
import { patient } from '../patience';
import type { SystemAccess } from './system-access';

/** A conversation, with the path of its routes. */
export interface Room {
  id: string;
  path: string;
}

export interface SessionOptions {
  /** A tenant id of one's own choice. */
  id?: string;
  /** Default: Test. */
  name?: string;
  /** The body of `POST /users/:external_id/tokens` for callers and sockets that name none. */
  tokens?: { expires_in?: number; session?: boolean };
}

const MANY = 1_000_000;

/** Rates for a load, which sends in a minute what people send in years. */
const UNLIMITED = {
  reads_per_minute: MANY,
  writes_per_minute: MANY,
  sends_per_minute: MANY,
  user_reads_per_minute: MANY,
  user_writes_per_minute: MANY,
  user_sends_per_minute: MANY,
};

/** A tenant of a suite's own, its users, and their calls and sockets at either api. `close` removes all of it. */
export class TenantSession {
  /** What was sent by `send`, as it was acknowledged. */
  readonly history = new History();
  private made?: CreatedTenant;
  private closed?: Promise<void>;
  private readonly sockets: LiveClient[] = [];
  private readonly tokens = new Map<string, Promise<string>>();
  private readonly nextUrl = roundRobin(() => this.system.urls);
  private sends = 0;

  constructor(
    readonly system: SystemAccess,
    readonly tier: Tier,
    private readonly options: SessionOptions = {},
  ) {}

  async open(): Promise<this> {
    const { id, name = 'Test' } = this.options;
    const wanted = { name, tier: this.tier, ...(id === undefined ? {} : { id }) };
    this.made = await this.system.platform.expectBody<CreatedTenant>('POST', '/platform/v1/tenants', wanted);
    return this;
  }

  /** Ends its sockets and deletes the tenant. */
  close(): Promise<void> {
    this.disconnect();
    this.closed ??= this.made
      ? this.system.platform.delete(`/platform/v1/tenants/${this.made.id}`).then(() => undefined)
      : Promise.resolve();
    return this.closed;
  }

  get id(): string {
    return this.opened.id;
  }

  get serverKey(): string {
    return this.opened.server_key.key;
  }

  get signingKey(): { kid: string; secret: string } {
    return this.opened.signing_key;
  }

  urlOf(api: number): string {
    return this.system.urls[api]!;
  }

  /** Grants the tenant other rates than its tier has; without any, rates that nobody reaches. */
  async setLimits(limits: Record<string, number> = UNLIMITED): Promise<void> {
    await this.system.platform.expectBody('PATCH', `/platform/v1/tenants/${this.id}/settings`, { limits });
  }

  /** The tenant's own server. */
  server(api = 0): Caller {
    return this.caller(() => this.serverKey, api);
  }

  /** The server key in a user's name. */
  acting(externalId: string, api = 0): Caller {
    return this.caller(() => this.serverKey, api, { 'x-acting-user': externalId });
  }

  /** A user by a token of their own, which is fetched with the first call: a `describe` block may name its callers. */
  as(externalId: string, api = 0): Caller {
    return this.caller(() => this.tokenOf(externalId), api);
  }

  withToken(token: string, api = 0): Caller {
    return this.caller(token, api);
  }

  /** A new user, by their own token. */
  async user(externalId: string, profile: object = {}): Promise<Caller> {
    await this.putUser(externalId, profile);
    return this.withToken(await this.token(externalId));
  }

  /** New users. */
  async users(...externalIds: string[]): Promise<void> {
    for (const externalId of externalIds) await this.putUser(externalId);
  }

  /** Creates or updates a user. */
  async putUser(externalId: string, profile: object = {}): Promise<void> {
    await this.server().expectBody('PUT', pathOf(externalId), profile);
  }

  /** A new token, with a session of its own unless `options` say otherwise. */
  async token(externalId: string, options: object = this.options.tokens ?? {}): Promise<string> {
    const path = `${pathOf(externalId)}/tokens`;
    return (await this.server().expectBody<{ token: string }>('POST', path, options)).token;
  }

  /** The user's token, the same each time. */
  tokenOf(externalId: string): Promise<string> {
    const known = this.tokens.get(externalId) ?? this.token(externalId);
    this.tokens.set(externalId, known);
    return known;
  }

  /** A live client of a user, connected and in its rooms. */
  async socket(externalId: string, api = 0): Promise<LiveClient> {
    return this.connect(await this.token(externalId), api);
  }

  /** @throws Error with the `data` of `connect_error` when the handshake is refused */
  async connect(token: unknown, api = 0, headers: Record<string, string> = {}): Promise<LiveClient> {
    const client = LiveClient.to(this.urlOf(api), token, headers);
    this.sockets.push(client);
    await client.ready;
    return client;
  }

  disconnect(): void {
    for (const { socket } of this.sockets) socket.disconnect();
  }

  /** A conversation that `opener` opens with others: a group unless `fields` say otherwise. */
  async room(opener: string, others: string[], fields: object = {}): Promise<Room> {
    const wanted = { type: 'group', member_ids: others, ...fields };
    const { id } = await this.acting(opener).expectBody<{ id: string }>('POST', '/v1/conversations', wanted);
    return { id, path: `/v1/conversations/${id}` };
  }

  /**
   * The answer to a message of `sender`, under a `client_message_id` of its own unless `fields` name one. What it acknowledges is
   * in `history`.
   */
  async send(sender: string, { id, path }: Room, fields: object = {}, api = 0): Promise<Answer> {
    this.sends += 1;
    const message = { client_message_id: `sent-${this.sends}`, text: `text ${this.sends}`, ...fields };
    const acknowledged = this.history.begin(id, sender, message.client_message_id);
    const answer = await this.acting(sender, api).post(`${path}/messages`, message);
    if (answer.status < 300) acknowledged(answer.body as MessageState);
    return answer;
  }

  /** The message that `send` answers. @throws Error with the answer when it is refused */
  async message(...sent: Parameters<TenantSession['send']>): Promise<Answer['body']> {
    const { status, body } = await this.send(...sent);
    if (status >= 300) throw new Error(`${status} ${JSON.stringify(body)}`);
    return body;
  }

  /** A time that is still to come when the next few calls arrive: a slow machine, whose calls take long, has longer. */
  async soon(): Promise<Date> {
    const started = Date.now();
    await this.server().get('/v1/settings');
    return new Date(Date.now() + patient(500) + 20 * (Date.now() - started));
  }

  private caller(credential: Lazy<string>, api: number, headers: Record<string, string> = {}): Caller {
    const { retry } = this.system;
    return new Caller(retry ? this.nextUrl : () => this.urlOf(api), credential, headers, retry);
  }

  private get opened(): CreatedTenant {
    if (!this.made) throw new Error('The tenant is not there yet: a session is opened before the first test.');
    return this.made;
  }
}

const pathOf = (externalId: string) => `/v1/users/${encodeURIComponent(externalId)}`;
