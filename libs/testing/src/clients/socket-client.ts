import { io, type Socket } from 'socket.io-client';
import { patient } from '../patience';
import type { Acknowledgement, Envelope } from './wire';

export interface SocketOptions {
  /** Comes back by itself, to the same url. Default: it connects once. */
  reconnects?: boolean;
  headers?: Record<string, string>;
}

/** A socket of the contract (design: WebSocket), on its way to a server. */
export function openSocket(url: string, token: unknown, { reconnects = false, headers }: SocketOptions = {}): Socket {
  return io(url, {
    path: '/realtime',
    transports: ['websocket'],
    auth: { token },
    extraHeaders: headers,
    reconnection: reconnects,
    reconnectionDelayMax: 1_000,
    forceNew: true,
  });
}

/** One socket of a user: it asks, and it hands on the events that it is sent. */
export class SocketClient {
  /** Resolves when the server has put it into all of its rooms; rejects with a `connect_error` after which it gives up. */
  readonly ready: Promise<void>;
  /** Null while it was never disconnected. */
  disconnectedBecause: string | null = null;

  constructor(
    readonly socket: Socket,
    onEvent: (event: Envelope) => void,
  ) {
    socket.onAny((_type: string, event: Envelope) => onEvent(event));
    socket.on('disconnect', (reason) => (this.disconnectedBecause = reason));
    this.ready = new Promise((resolve, reject) => {
      socket.once('ready', () => resolve());
      // A server that is away is tried again, one that refuses is not.
      socket.on('connect_error', (error) => {
        if (!socket.io.reconnection() || !socket.active) reject(error);
      });
    });
  }

  get isConnected(): boolean {
    return this.socket.connected;
  }

  /** @throws Error when there is no acknowledgement within `timeoutMs` */
  request<T>(message: string, payload: unknown, timeoutMs = patient(10_000)): Promise<Acknowledgement<T>> {
    return this.socket.timeout(timeoutMs).emitWithAck(message, payload) as Promise<Acknowledgement<T>>;
  }

  disconnect(): void {
    this.socket.disconnect();
  }
}
