import { Inject, Injectable, Optional, type BeforeApplicationShutdown } from '@nestjs/common';
import { WebSocketGateway, WebSocketServer, type OnGatewayInit } from '@nestjs/websockets';
import type { Server, Socket } from 'socket.io';
import { CaasError, forbidden, newRequestId } from '#caas/kernel';
import { Invalidations, type Invalidation } from '#caas/platform/cache';
import { InjectConfig, type ConfigOf } from '#caas/platform/config';
import { isForeign, isOurFault, ServerState, toProblem } from '#caas/platform/http';
import { Log } from '#caas/platform/logging';
import { coalesceWrites } from './coalesced-writes';
import { readPayload } from './checked-decoder';
import { ClientSocket } from './client-socket';
import { Digests } from './digests';
import { drainSockets } from './graceful-shutdown';
import { InFlightCounter } from './in-flight-counter';
import { FloodGuard } from './flood-guard';
import { HandshakeGuard, peerOf } from './handshake-guard';
import {
  ConversationDirectory,
  SocketAuthenticator,
  SocketOrigins,
  ConnectionQuotaPort,
  type SocketPrincipal,
} from './ports';
import { Realtime } from './realtime';
import { RealtimeMetrics } from './realtime-metrics';
import { RenewalDto } from './renewal.dto';
import { realtimeConfig } from './realtime.config';
import { conversationRoom, isConversationRoom, sessionRoom, tenantRoom, userRoom } from './rooms';
import { SESSION_RENEW, SocketMessages } from './socket-messages';
import { SocketObservers, type OpenSocket } from './socket-observers';

const MAX_BACKLOG_BYTES = 4 * 2 ** 20;
/** Frequent enough that a client that is sent 100 MB a second and reads nothing is cut off some tens of MB later. */
const CHECK_BACKLOG_EVERY_MS = 250;
const CHECK_RIGHTS_EVERY_MS = 2_000;

type Acknowledge = (answer: unknown) => void;

/**
 * The gateway that clients connect to: the handshake, messages and their acknowledgements, and ending sockets whose rights were
 * revoked.
 */
@Injectable()
@WebSocketGateway({ path: '/realtime' })
export class RealtimeGateway implements OnGatewayInit, BeforeApplicationShutdown {
  @WebSocketServer() private readonly server: Server;
  private readonly clients = new Map<string, ClientSocket>();
  private readonly inFlight = new InFlightCounter();
  private readonly timers: NodeJS.Timeout[] = [];

  constructor(
    private readonly authenticator: SocketAuthenticator,
    private readonly feed: ConversationDirectory,
    private readonly messages: SocketMessages,
    private readonly realtime: Realtime,
    private readonly digests: Digests,
    private readonly observers: SocketObservers,
    private readonly handshakes: HandshakeGuard,
    private readonly floods: FloodGuard,
    private readonly invalidations: Invalidations,
    private readonly state: ServerState,
    private readonly log: Log,
    private readonly metrics: RealtimeMetrics,
    @InjectConfig(realtimeConfig) private readonly config: ConfigOf<typeof realtimeConfig>,
    @Optional() @Inject(SocketOrigins) private readonly origins: SocketOrigins | null,
    @Optional() @Inject(ConnectionQuotaPort) private readonly places: ConnectionQuotaPort | null,
  ) {}

  afterInit(server: Server): void {
    this.messages.collect();
    coalesceWrites(server);
    this.handshakes.attach(server);
    this.realtime.attach(server);
    this.digests.attach(server);
    server.use((socket, next) => void this.admit(socket, next));
    server.on('connection', (socket) => void this.onConnection(socket));
    this.realtime.onReturn(() => void this.correctRooms());
    this.invalidations.on(['session', 'user', 'tenant', 'signing_key'], (invalidation) => this.recheck(invalidation));
    this.every(CHECK_BACKLOG_EVERY_MS, () => this.checkBacklogs());
    this.every(CHECK_RIGHTS_EVERY_MS, () => this.checkRights());
  }

  /** Messages in progress are answered, new ones are refused, and clients are asked to reconnect to another process. */
  async beforeApplicationShutdown(): Promise<void> {
    this.timers.forEach(clearInterval);
    await drainSockets([...this.clients.values()], this.inFlight);
  }

  private async admit(socket: Socket, next: (error?: Error) => void): Promise<void> {
    const requestId = newRequestId();
    try {
      this.requireOpen();
      const { address, headers, auth } = socket.handshake;
      const { token } = auth as { token?: unknown };
      const peer = peerOf(address, headers);
      const principal = await this.authenticator.authenticate(token, requestId, peer);
      await this.requireOrigin(socket, principal, requestId);
      await this.floods.admit(await principal.context(requestId));
      await this.takePlace(socket, principal);
      // The client left during the handshake. Its `disconnect` will not come, so anything stored from here on would never be
      // removed.
      if (socket.conn.readyState !== 'open') return this.handshakes.of(socket).finish();
      this.clients.get(socket.id)?.close();
      this.clients.set(socket.id, new ClientSocket(socket, principal, this.config.SOCKET_MESSAGES_PER_SECOND));
      this.metrics.connected();
      socket.on('disconnect', () => {
        this.metrics.disconnected();
        this.clients.get(socket.id)?.close();
        this.clients.delete(socket.id);
        this.handshakes.of(socket).finish();
      });
      next();
    } catch (error) {
      const problem = toProblem(error, requestId);
      this.metrics.refused(problem.code);
      if (isOurFault(problem)) this.log.root.error({ err: error, request_id: requestId }, 'a handshake failed');
      this.handshakes.of(socket).finish();
      next(Object.assign(new Error(problem.detail), { data: problem }));
    }
  }

  private async onConnection(socket: Socket): Promise<void> {
    const client = this.clients.get(socket.id);
    if (!client) return void socket.disconnect(true);
    this.floods.watch(client, this.handshakes.of(socket), this.inFlight);
    // Listen before joining the rooms: messages that the client sends in the meantime must not be lost.
    socket.onAny((event: unknown, ...parameters: unknown[]) => void this.receive(client, event, parameters));
    const { tenantId, user, sessionId } = client.principal;
    await socket.join([tenantRoom(tenantId), userRoom(tenantId, user.user_id.toHexString())]);
    if (sessionId !== null) await socket.join(sessionRoom(tenantId, sessionId));
    try {
      await this.enterRooms(client);
      socket.nsp.to(socket.id).emit('ready', { user_id: user.user_id.toHexString() });
      this.metrics.sent('ready', 1);
      this.observe(socket, { id: socket.id, tenantId, user });
    } catch (error) {
      client.end('session.revoked', error);
    }
  }

  /**
   * Puts a socket into the rooms of its user's conversations, and removes it from others. The socket is in the user's own room
   * already, so it also joins conversations that begin from here on.
   */
  private async enterRooms(client: ClientSocket): Promise<void> {
    const { socket, principal } = client;
    const { tenantId, user } = principal;
    const arrival = this.realtime.arriving(tenantId, user.user_id.toHexString());
    // Only rooms from before the query: a room joined while it runs may be newer than its result.
    const before = [...socket.rooms].filter(isConversationRoom);
    try {
      const conversations = await this.feed.conversationsOf(await client.context());
      const rooms = arrival.stillOpen(conversations.map((id) => conversationRoom(tenantId, id)));
      const due = new Set<string>(rooms);
      for (const room of before) if (!due.has(room)) void socket.leave(room);
      await socket.join(rooms);
    } finally {
      arrival.end();
    }
  }

  private observe(socket: Socket, open: OpenSocket): void {
    if (!socket.connected) return;
    this.observers.connected(open);
    socket.once('disconnect', () => this.observers.disconnected(open));
  }

  private async receive(client: ClientSocket, event: unknown, parameters: unknown[]): Promise<void> {
    const last = parameters.at(-1);
    const acknowledge = typeof last === 'function' ? (last as Acknowledge) : () => undefined;
    const payload = parameters[0] === last && typeof last === 'function' ? undefined : parameters[0];
    this.inFlight.begin();
    try {
      this.requireOpen();
      const data =
        event === SESSION_RENEW ? await this.renew(client, payload) : await this.answer(client, event, payload);
      acknowledge({ ok: true, data: data ?? null });
      this.metrics.answered(event as string);
    } catch (error) {
      const requestId = newRequestId();
      const problem = toProblem(error, requestId);
      if (isOurFault(problem)) {
        this.log.root.error(
          { err: error, request_id: requestId, tenant_id: client.principal.tenantId, event },
          'message failed',
        );
      }
      acknowledge({ ok: false, error: problem });
      const isKnown = typeof event === 'string' && this.messages.isKnown(event);
      this.metrics.answered(isKnown ? event : 'unknown', problem.code);
      if (problem.status === 401 || problem.code === 'tenant_suspended') client.end('session.revoked', error);
    } finally {
      this.inFlight.end();
    }
  }

  private answer(client: ClientSocket, event: unknown, payload: unknown): Promise<unknown> {
    return this.messages.answer(event, payload, client.socket.id, () => client.context());
  }

  private async renew(client: ClientSocket, payload: unknown): Promise<unknown> {
    const { token } = readPayload(RenewalDto, payload);
    const { address, headers } = client.socket.handshake;
    client.renew(await this.authenticator.authenticate(token, newRequestId(), peerOf(address, headers)));
    return { expires_at: new Date(client.principal.expiresAt).toISOString() };
  }

  /** A fact that decides some sockets' rights has changed. These sockets are verified after the caches have dropped the fact. */
  private recheck({ kind, tenantId, id }: Invalidation): void {
    const concerned = [...this.clients.values()].filter(({ principal }) => {
      if (principal.tenantId !== tenantId) return false;
      if (kind === 'session') return principal.sessionId === id;
      if (kind === 'user') return principal.user.user_external_id === id || principal.user.user_id.toHexString() === id;
      return kind === 'tenant' || kind === 'signing_key';
    });
    if (concerned.length > 0) setImmediate(() => concerned.forEach((client) => void this.verify(client)));
  }

  private checkBacklogs(): void {
    for (const client of this.clients.values()) {
      const bytes = client.backlogBytes;
      if (bytes <= MAX_BACKLOG_BYTES) continue;
      this.log.root.warn({ tenant_id: client.principal.tenantId, bytes }, 'a slow reader was cut off');
      client.cutOff();
    }
  }

  /** Verifies every socket while notices of changes may have been missed. */
  private checkRights(): void {
    if (!this.invalidations.mayHaveMissed()) return;
    for (const client of this.clients.values()) void this.verify(client);
  }

  /** Corrects the rooms of all sockets: users may have been added or removed while this process received no messages. */
  private async correctRooms(): Promise<void> {
    for (const client of this.clients.values()) {
      await this.enterRooms(client).catch((error: unknown) => {
        this.log.root.warn(
          { err: error, tenant_id: client.principal.tenantId },
          'the rooms of a socket were not checked',
        );
      });
    }
  }

  private every(periodMs: number, work: () => void): void {
    const timer = setInterval(work, periodMs);
    timer.unref();
    this.timers.push(timer);
  }

  /** @throws CaasError `server_closing` (503): nothing was done; the client can repeat it on another process */
  private requireOpen(): void {
    if (!this.state.draining) return;
    throw new CaasError('unavailable', 'server_closing', 'This server is closing. Connect again.', [], {
      retryAfterSeconds: 1,
    });
  }

  /**
   * A page of another site must not open a socket for its visitor, unless the tenant lists its origin. Apps and servers send no
   * Origin.
   * @throws CaasError `origin_not_allowed` (403)
   */
  private async requireOrigin({ handshake }: Socket, principal: SocketPrincipal, requestId: string): Promise<void> {
    const { origin, host } = handshake.headers;
    if (origin === undefined || !isForeign(origin, host)) return;
    if (await this.origins?.isListed(await principal.context(requestId), origin)) return;
    throw forbidden('origin_not_allowed', 'This origin is not allowed.');
  }

  /** Holds a place until the connection closes, even if the handshake fails. @throws CaasError `quota_exceeded` (402) */
  private async takePlace(socket: Socket, principal: SocketPrincipal): Promise<void> {
    const giveBack = await this.places?.take(principal);
    if (!giveBack) return;
    socket.once('disconnect', giveBack);
    socket.conn.once('close', giveBack);
    if (socket.conn.readyState !== 'open') giveBack();
  }

  private async verify(client: ClientSocket): Promise<void> {
    try {
      await client.context();
    } catch (error) {
      // An unreachable database must not end a session.
      if (error instanceof CaasError && error.kind !== 'internal' && error.kind !== 'unavailable')
        client.end('session.revoked', error);
    }
  }
}
