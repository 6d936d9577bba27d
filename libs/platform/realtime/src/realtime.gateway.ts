import { Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import { WebSocketGateway, WebSocketServer, type OnGatewayInit } from '@nestjs/websockets';
import type { Server, Socket } from 'socket.io';
import { CaasError, forbidden, newRequestId } from '#caas/kernel';
import { Invalidations, type Invalidation } from '#caas/platform/cache';
import { isOurFault, toProblem } from '#caas/platform/http';
import { Log } from '#caas/platform/logging';
import { ClientSocket } from './client-socket';
import { ConversationFeed, SocketAuthenticator } from './ports';
import { Realtime } from './realtime';
import { conversationRoom, sessionRoom, tenantRoom, userRoom } from './rooms';
import { SocketMessages } from './socket-messages';

const MAX_BACKLOG_BYTES = 4 * 2 ** 20;
const CHECK_EVERY_MS = 2_000;

type Acknowledge = (answer: unknown) => void;

/** Where clients connect: handshake, messages with their acknowledgements, and the end of sockets that lost their right. */
@Injectable()
@WebSocketGateway({ path: '/realtime' })
export class RealtimeGateway implements OnGatewayInit, BeforeApplicationShutdown {
  @WebSocketServer() private readonly server: Server;
  private readonly clients = new Map<string, ClientSocket>();
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly authenticator: SocketAuthenticator,
    private readonly feed: ConversationFeed,
    private readonly messages: SocketMessages,
    private readonly realtime: Realtime,
    private readonly invalidations: Invalidations,
    private readonly log: Log,
  ) {}

  afterInit(server: Server): void {
    this.messages.collect();
    this.realtime.attach(server);
    server.use((socket, next) => void this.admit(socket, next));
    server.on('connection', (socket) => void this.welcome(socket));
    this.invalidations.on((invalidation) => this.recheck(invalidation));
    this.timer = setInterval(() => this.check(), CHECK_EVERY_MS);
    this.timer.unref();
  }

  /** Lets clients go elsewhere before the process ends. */
  beforeApplicationShutdown(): void {
    clearInterval(this.timer);
    for (const client of this.clients.values()) client.socket.disconnect(true);
  }

  private async admit(socket: Socket, next: (error?: Error) => void): Promise<void> {
    const requestId = newRequestId();
    try {
      requireOwnOrigin(socket);
      const { token } = socket.handshake.auth as { token?: unknown };
      const principal = await this.authenticator.authenticate(token, requestId);
      this.clients.get(socket.id)?.close();
      this.clients.set(socket.id, new ClientSocket(socket, principal));
      socket.on('disconnect', () => {
        this.clients.get(socket.id)?.close();
        this.clients.delete(socket.id);
      });
      next();
    } catch (error) {
      const problem = toProblem(error, requestId);
      if (isOurFault(problem)) this.log.root.error({ err: error, request_id: requestId }, 'a handshake failed');
      next(Object.assign(new Error(problem.detail), { data: problem }));
    }
  }

  private async welcome(socket: Socket): Promise<void> {
    const client = this.clients.get(socket.id);
    if (!client) return void socket.disconnect(true);
    // Listening comes first: what a client sends while its rooms are being joined must not be lost.
    socket.onAny((event: string, ...parameters: unknown[]) => void this.receive(client, event, parameters));
    const { tenantId, user, sessionId } = client.principal;
    // Of a recovered connection: the rooms of back then, which its user may have lost since.
    for (const room of socket.rooms) if (room !== socket.id) void socket.leave(room);
    await socket.join([tenantRoom(tenantId), userRoom(tenantId, user.user_id.toHexString())]);
    if (sessionId !== null) await socket.join(sessionRoom(tenantId, sessionId));
    const arrival = this.realtime.arriving(tenantId, user.user_id.toHexString());
    try {
      // Joined to the user's room already: a conversation that begins from here on joins the socket by itself.
      const conversations = await this.feed.conversationsOf(await client.context());
      await socket.join(arrival.stillOpen(conversations.map((id) => conversationRoom(tenantId, id))));
      socket.nsp.local.to(socket.id).emit('ready', { user_id: user.user_id.toHexString() });
    } catch (error) {
      client.end('session.revoked', error);
    } finally {
      arrival.end();
    }
  }

  private async receive(client: ClientSocket, event: string, parameters: unknown[]): Promise<void> {
    const last = parameters.at(-1);
    const acknowledge = typeof last === 'function' ? (last as Acknowledge) : () => undefined;
    const payload = parameters[0] === last && typeof last === 'function' ? undefined : parameters[0];
    try {
      client.spend();
      const data =
        event === 'session.renew' ? await this.renew(client, payload) : await this.answer(client, event, payload);
      acknowledge({ ok: true, data: data ?? null });
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
      if (problem.status === 401 || problem.code === 'tenant_suspended') client.end('session.revoked', error);
    }
  }

  private answer(client: ClientSocket, event: string, payload: unknown): Promise<unknown> {
    return this.messages.answer(event, payload, () => client.context());
  }

  private async renew(client: ClientSocket, payload: unknown): Promise<unknown> {
    const { token } = (payload ?? {}) as { token?: unknown };
    client.renew(await this.authenticator.authenticate(token, newRequestId()));
    return { expires_at: new Date(client.principal.expiresAt).toISOString() };
  }

  /** A fact about some sockets' right changed: those are looked at again, once the caches have forgotten it. */
  private recheck({ kind, tenantId, id }: Invalidation): void {
    const concerned = [...this.clients.values()].filter(({ principal }) => {
      if (principal.tenantId !== tenantId) return false;
      if (kind === 'session') return principal.sessionId === id;
      if (kind === 'user') return principal.user.user_external_id === id || principal.user.user_id.toHexString() === id;
      return kind === 'tenant' || kind === 'signing_key';
    });
    if (concerned.length > 0) setImmediate(() => concerned.forEach((client) => void this.verify(client)));
  }

  /** Cuts off slow readers; and while changes may have gone untold, looks at every socket. */
  private check(): void {
    const untold = this.invalidations.mayHaveMissed();
    for (const client of this.clients.values()) {
      if (client.backlogBytes > MAX_BACKLOG_BYTES) {
        this.log.root.warn(
          { tenant_id: client.principal.tenantId, bytes: client.backlogBytes },
          'a slow reader was cut off',
        );
        client.socket.disconnect(true);
      } else if (untold) void this.verify(client);
    }
  }

  private async verify(client: ClientSocket): Promise<void> {
    try {
      await client.context();
    } catch (error) {
      // The database being away revokes nobody.
      if (error instanceof CaasError && error.kind !== 'internal' && error.kind !== 'unavailable')
        client.end('session.revoked', error);
    }
  }
}

/** A browser page of another site must not use its visitor's socket; apps and servers send no Origin. */
function requireOwnOrigin({ handshake }: Socket): void {
  const { origin, host } = handshake.headers;
  if (origin === undefined || (URL.canParse(origin) && new URL(origin).host === host)) return;
  throw forbidden('origin_not_allowed', 'This origin is not allowed.');
}
