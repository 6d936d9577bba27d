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
 * Runs before anything else on a new socket. At this point only the client's address is known: not its tenant, nor where that
 * tenant's data is stored. A request that is no socket.io handshake is refused before a WebSocket exists; so is a connection from
 * an address that has too many unauthenticated ones. `GuardedConnection` limits what a connection may send after that.
 */
@Injectable()
export class HandshakeGuard {
  private readonly pending: PendingConnections;
  private readonly offending: OffendingAddresses;
  /** By the connection object: a connection is also looked up after it has closed, and the entry is collected with it. */
  private readonly connections = new WeakMap<object, GuardedConnection>();
  /** By the handshake request: its connection has no id yet. */
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
    // For upgrades Engine.IO passes its own response object, which cannot send a status or a body.
    if (!(response instanceof ServerResponse)) return answerOnSocket(request.socket, problem, headers);
    response.writeHead(problem.status, { ...headers, 'Content-Type': PROBLEM_TYPE, Connection: 'close' });
    response.end(JSON.stringify(problem));
  }
}

/** @param address the remote address when the connection was opened */
export function peerOf(address: string | undefined, headers: IncomingHttpHeaders): SocketPeer {
  const forwarded = headers['x-forwarded-for'];
  return { address: address ?? '', forwardedFor: Array.isArray(forwarded) ? forwarded.join() : forwarded };
}

/** Only new WebSocket connections: an id of an existing connection would mean another transport. */
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
