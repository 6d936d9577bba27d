import { WebSocketServer, type ServerOptions, type WebSocket } from 'ws';

/** The largest message of a client that is not welcomed yet: a CONNECT packet with its token, as long as HTTP headers may be. */
export const HANDSHAKE_BYTES = 16 * 1024;
/** The largest message of a client. */
export const MESSAGE_BYTES = 256 * 1024;

const BOUNDS = {
  perMessageDeflate: false,
  maxPayload: HANDSHAKE_BYTES,
  // Each costs its overhead, however short it is. Proxies and browsers split a message into a few.
  maxFragments: 64,
  maxBufferedChunks: 1_024,
  // `GuardedConnection` answers as many pings as a client may send.
  autoPong: false,
  // For a client that has been closed to read what was written for it and to say goodbye.
  closeTimeout: 2_000,
};

/** The server of `ws` that Engine.IO makes (its option `wsEngine`), with bounds that Engine.IO has no options for. */
export class BoundedWebSocketServer extends WebSocketServer {
  constructor(options: ServerOptions) {
    super({ ...options, ...BOUNDS } as ServerOptions);
  }
}

/**
 * From now on the connection takes messages of up to so many bytes. `ws` has no public way to change its mind about `maxPayload`;
 * `guarded-connection.spec.ts` fails when an upgrade takes this one away.
 */
export function takeMessagesUpTo(websocket: WebSocket, bytes: number): void {
  (websocket as unknown as { _receiver: { _maxPayload: number } })._receiver._maxPayload = bytes;
}
