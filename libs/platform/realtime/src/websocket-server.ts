import { WebSocketServer, type ServerOptions, type WebSocket } from 'ws';

/** The largest message before authentication: a CONNECT packet with its token, which may be as long as HTTP headers. */
export const HANDSHAKE_BYTES = 16 * 1024;
/** The largest message of a client. */
export const MESSAGE_BYTES = 256 * 1024;

const BOUNDS = {
  perMessageDeflate: false,
  maxPayload: HANDSHAKE_BYTES,
  // Each fragment has a fixed cost, however short it is. Proxies and browsers split a message into a few.
  maxFragments: 64,
  maxBufferedChunks: 1_024,
  // `GuardedConnection` answers pings itself, up to the rate that a client may send.
  autoPong: false,
  // Time for a client whose connection is closing to read what was written for it and to send its close frame.
  closeTimeout: 2_000,
};

/** The `ws` server that Engine.IO creates (its option `wsEngine`), with limits that Engine.IO has no options for. */
export class BoundedWebSocketServer extends WebSocketServer {
  constructor(options: ServerOptions) {
    super({ ...options, ...BOUNDS } as ServerOptions);
  }
}

/**
 * From now on the connection accepts messages of up to this many bytes. `ws` has no public way to change `maxPayload` later;
 * `guarded-connection.spec.ts` fails when an upgrade removes this one.
 */
export function takeMessagesUpTo(websocket: WebSocket, bytes: number): void {
  (websocket as unknown as { _receiver: { _maxPayload: number } })._receiver._maxPayload = bytes;
}
