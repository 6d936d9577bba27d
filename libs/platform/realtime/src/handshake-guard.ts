import { ServerResponse, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { Injectable } from '@nestjs/common';
import type { Server, Socket } from 'socket.io';
import { CaasError, invalid, newRequestId } from '#caas/kernel';
import { InjectConfig, type ConfigOf } from '#caas/platform/config';
import { answerOnSocket, PROBLEM_TYPE, toProblem } from '#caas/platform/http';
import { GuardedConnection, type EngineConnection } from './guarded-connection';
import { OffendingAddresses } from './offending-addresses';
import { PendingConnections } from './pending-connections';
import { SocketAuthenticator, type SocketPeer } from './ports';
import { RealtimeMetrics } from './realtime-metrics';
import { realtimeConfig } from './realtime.config';

const RETRY_AFTER_SECONDS = 1;

/**
 * Stands before everything else of a socket, where nothing is known of a client but its address: neither its tenant nor where that
 * tenant's data lies. What does not begin as a client of socket.io does is refused before there is a WebSocket, and so is one more
 * connection of an address that has too many waiting; see `GuardedConnection` for what a connection may then send.
 */
@Injectable()
export class HandshakeGuard {
  private readonly pending: PendingConnections;
  private readonly offending: OffendingAddresses;
  /** By the connection itself: it is asked for after the connection has closed as well, and gone with it. */
  private readonly connections = new WeakMap<object, GuardedConnection>();
  /** By the handshake: the connection that comes of it has no id yet. */
  private readonly addresses = new WeakMap<IncomingMessage, string>();

  constructor(
    private readonly authenticator: SocketAuthenticator,
    private readonly metrics: RealtimeMetrics,
    @InjectConfig(realtimeConfig) private readonly config: ConfigOf<typeof realtimeConfig>,
  ) {
    this.pending = new PendingConnections(config.SOCKET_PENDING_PER_ADDRESS, config.SOCKET_PENDING);
    this.offending = new OffendingAddresses(config.SOCKET_PENDING_PER_ADDRESS);
  }

  attach({ engine }: Server): void {
    engine.use((request: IncomingMessage, response: unknown, next: () => void) => this.admit(request, response, next));
    engine.on('connection', (connection: unknown) => this.guard(connection as EngineConnection));
  }

  of({ conn }: Socket): GuardedConnection {
    return this.connections.get(conn)!;
  }

  private admit(request: IncomingMessage, response: unknown, next: () => void): void {
    if (!isHandshake(request)) return this.refuse(request, response, malformed());
    const address = this.authenticator.addressOf(peerOf(request.socket.remoteAddress, request.headers));
    const proceed = () => {
      if (this.pending.isFull(address)) return this.refuse(request, response, tooMany());
      this.addresses.set(request, address);
      next();
    };
    if (!this.offending.enter(address, request.socket, proceed)) this.refuse(request, response, tooMany());
  }

  private guard(connection: EngineConnection): void {
    const { SOCKET_CONNECT_TIMEOUT, SOCKET_CONTROL_FRAMES_PER_SECOND, SOCKET_BYTES_PER_SECOND } = this.config;
    const bounds = {
      connectTimeoutMs: SOCKET_CONNECT_TIMEOUT,
      controlFramesPerSecond: SOCKET_CONTROL_FRAMES_PER_SECOND,
      bytesPerSecond: SOCKET_BYTES_PER_SECOND,
    };
    const address = this.addresses.get(connection.request) ?? '';
    const guarded: GuardedConnection = new GuardedConnection(connection, bounds, ({ code }) => {
      this.metrics.refused(code);
      this.offending.cut(address);
      guarded.destroy();
    });
    this.connections.set(connection, guarded);
    const release = this.pending.add(address, {
      evict: () => guarded.destroy(),
    });
    guarded.onSettled(release);
  }

  private refuse(request: IncomingMessage, response: unknown, reason: CaasError): void {
    const problem = toProblem(reason, newRequestId());
    this.metrics.refused(problem.code);
    const headers: Record<string, string> =
      problem.retry_after === undefined ? {} : { 'Retry-After': String(problem.retry_after) };
    // Engine.IO has a response of its own for upgrades, which cannot say anything.
    if (!(response instanceof ServerResponse)) return answerOnSocket(request.socket, problem, headers);
    response.writeHead(problem.status, { ...headers, 'Content-Type': PROBLEM_TYPE, Connection: 'close' });
    response.end(JSON.stringify(problem));
  }
}

/** @param address of the other end of the connection, as it was when it began */
export function peerOf(address: string | undefined, headers: IncomingHttpHeaders): SocketPeer {
  const forwarded = headers['x-forwarded-for'];
  return { address: address ?? '', forwardedFor: Array.isArray(forwarded) ? forwarded.join() : forwarded };
}

/** WebSocket alone, and one for each client: an id of a connection that is there already belongs to another transport. */
function isHandshake(request: IncomingMessage): boolean {
  const { EIO, transport, sid } = (request as unknown as { _query: Record<string, string> })._query;
  return request.method === 'GET' && EIO === '4' && transport === 'websocket' && sid === undefined;
}

const malformed = () =>
  invalid('malformed_handshake', 'Connect with a client of socket.io 4, and transports: ["websocket"].');

const tooMany = () =>
  new CaasError('too_many', 'rate_limited', 'Too many sockets of this address wait to be authenticated.', [], {
    retryAfterSeconds: RETRY_AFTER_SECONDS,
  });
