import type { EventEmitter } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { WebSocket } from 'ws';
import { CaasError, invalid } from '#caas/kernel';
import { TokenBucket } from '#caas/platform/concurrency';
import { MESSAGE_BYTES, takeMessagesUpTo } from './websocket-server';

/** The parts of an Engine.IO connection that we use; its transport is not in the public types. */
export interface EngineConnection {
  readonly readyState: string;
  readonly request: IncomingMessage;
  readonly transport: EventEmitter & { readonly socket: WebSocket };
  close(discard: boolean): void;
}

interface EnginePacket {
  type: string;
  data?: unknown;
}

export interface ConnectionBounds {
  /** The client must send CONNECT within this time. */
  connectTimeoutMs: number;
  /** Everything but messages: pings, pongs, heartbeats, acknowledgements. */
  controlFramesPerSecond: number;
  bytesPerSecond: number;
}

/**
 * - `waiting`: for CONNECT
 * - `authenticating`: CONNECT was received
 * - `welcomed`: the client is authenticated, and its messages are accepted
 * - `finished`: the handshake was refused or the client has left; nothing more is accepted
 */
type Phase = 'waiting' | 'authenticating' | 'welcomed' | 'finished';

const CONTROL_BURST_SECONDS = 10;
/** Looking up the token's key and the user takes milliseconds. Calls to an unreachable database time out sooner than this. */
const AUTHENTICATION_MS = 30_000;
/** Time for the client to read the reason and to close the connection itself, as socket.io clients do. */
const LINGER_MS = 2_000;
/** Time for the client to read the close frame. */
const CUT_OFF_AFTER_MS = 1_000;
/** RFC 6455, section 7.4.1. */
const POLICY_VIOLATION = 1008;

const CONNECT = /^0(?!\/)/;
const CONNECT_ELSEWHERE = /^0\//;

/**
 * One connection from its first byte, with limits on what it may send. Before authentication: one CONNECT, within a time limit,
 * and nothing else. After it: messages, of which a limited number of bytes a second is read. At any time: a limited rate of
 * control frames. A client that breaks these rules is cut off.
 */
export class GuardedConnection {
  private phase: Phase = 'waiting';
  private readonly websocket: WebSocket;
  private readonly control: TokenBucket;
  private readonly bytes: TokenBucket;
  private deadline: NodeJS.Timeout;
  private isCut = false;
  private settled = (): void => undefined;

  /** @param cut ends the connection at once; receives the reason. Before authentication the client cannot be sent a reason. */
  constructor(
    private readonly connection: EngineConnection,
    bounds: ConnectionBounds,
    private cut: (reason: CaasError) => void,
  ) {
    const nowMs = performance.now();
    const { controlFramesPerSecond, bytesPerSecond, connectTimeoutMs } = bounds;
    this.control = new TokenBucket(controlFramesPerSecond, CONTROL_BURST_SECONDS * controlFramesPerSecond, nowMs);
    this.bytes = new TokenBucket(bytesPerSecond, bytesPerSecond, nowMs);
    this.websocket = connection.transport.socket;
    this.websocket.on('ping', (data: Buffer) => {
      if (this.countControl()) this.websocket.pong(data);
    });
    this.websocket.on('pong', () => this.countControl());
    this.websocket.on('message', (data: Buffer) => this.throttle(data.length));
    this.websocket.once('error', () => this.leaveUnread());
    this.websocket.once('close', () => {
      clearTimeout(this.deadline);
      this.settled();
    });
    this.filterPackets();
    this.deadline = this.closeIn(connectTimeoutMs, 'No CONNECT packet came in time.');
  }

  /** Calls back once the client is authenticated or its connection is closed. */
  onSettled(settled: () => void): void {
    this.settled = settled;
  }

  /** The client is authenticated. @param cut ends its connection and sends it the reason */
  accept(cut: (reason: CaasError) => void): void {
    this.phase = 'welcomed';
    this.cut = cut;
    clearTimeout(this.deadline);
    this.settled();
    takeMessagesUpTo(this.websocket, MESSAGE_BYTES);
  }

  /**
   * Nothing more is accepted. The client has a moment to close the connection, which is then closed here: a connection allows one
   * CONNECT only.
   */
  finish(): void {
    this.phase = 'finished';
    clearTimeout(this.deadline);
    this.deadline = this.closeIn(LINGER_MS, 'This connection is over.');
  }

  /** Counts one control frame. @returns false when it exceeded the limit and the connection was cut */
  countControl(): boolean {
    if (!this.isCut && this.control.spend(1, performance.now())) return true;
    this.breach(new CaasError('too_many', 'rate_limited', 'Too many frames that are no messages.'));
    return false;
  }

  /** Cuts the connection: the client sent a packet that no socket.io client sends. */
  reject(detail: string): void {
    this.breach(invalid('malformed_packet', detail));
  }

  /** Stops reading from the client, so that TCP backpressure stops it from sending. */
  stopReading(): void {
    this.isCut = true;
    this.websocket.pause();
  }

  /** Ends the connection now, without a reason. */
  destroy(): void {
    this.isCut = true;
    this.websocket.terminate();
    this.connection.close(true);
  }

  /**
   * After invalid WebSocket data or a message that is too long. `ws` has sent the reason in its close frame; it would read on and
   * discard data until the client answers that frame.
   */
  private leaveUnread(): void {
    setImmediate(() => this.stopReading());
    setTimeout(() => this.websocket.terminate(), CUT_OFF_AFTER_MS).unref();
  }

  /**
   * Passes a packet on to Engine.IO only if we accept it. Engine.IO has one listener for the packets of its transport, which is
   * not part of its public interface: `guarded-connection.spec.ts` fails when an upgrade removes it.
   */
  private filterPackets(): void {
    const { transport } = this.connection;
    const [take] = transport.listeners('packet') as [(packet: EnginePacket) => void];
    transport.removeAllListeners('packet');
    transport.on('packet', (packet: EnginePacket) => {
      if (!this.isCut && this.admits(packet)) take(packet);
    });
  }

  private admits({ type, data }: EnginePacket): boolean {
    if (type === 'ping' || type === 'error') {
      this.reject('This is no packet that a client of Engine.IO 4 sends.');
      return false;
    }
    if (type !== 'message') return this.countControl();
    if (this.phase === 'welcomed') return true;
    if (this.phase === 'finished') return false;
    const packet = typeof data === 'string' ? data : '';
    if (CONNECT_ELSEWHERE.test(packet)) return this.countControl();
    if (this.phase === 'waiting' && CONNECT.test(packet)) {
      this.phase = 'authenticating';
      clearTimeout(this.deadline);
      this.deadline = this.closeIn(AUTHENTICATION_MS, 'The client could not be authenticated in time.');
      return true;
    }
    this.reject('A client sends CONNECT, and waits for the answer.');
    return false;
  }

  private throttle(bytes: number): void {
    const waitSeconds = this.bytes.charge(bytes, performance.now());
    if (waitSeconds === 0 || this.isCut || this.websocket.isPaused) return;
    this.websocket.pause();
    setTimeout(() => {
      if (!this.isCut) this.websocket.resume();
    }, waitSeconds * 1000).unref();
  }

  private breach(reason: CaasError): void {
    if (this.isCut) return;
    this.isCut = true;
    this.cut(reason);
  }

  private closeIn(ms: number, reason: string): NodeJS.Timeout {
    return setTimeout(() => this.close(reason), ms).unref();
  }

  private close(reason: string): void {
    this.phase = 'finished';
    this.websocket.close(POLICY_VIOLATION, reason);
    this.connection.close(true);
  }
}
