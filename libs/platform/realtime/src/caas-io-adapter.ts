import { IoAdapter } from '@nestjs/platform-socket.io';
import type { IncomingMessage, Server as HttpServer } from 'node:http';
import { Server } from 'socket.io';
import * as parser from 'socket.io-parser';
import { CheckedDecoder } from './checked-decoder';
import { BoundedWebSocketServer, MESSAGE_BYTES } from './websocket-server';

/** socket.io as this system runs it: websocket only (no sticky sessions needed), and each process tells its own sockets. */
export class CaasIoAdapter extends IoAdapter {
  /** Ours, and not the copy of socket.io that Nest brings along: there is one in the process. */
  override createIOServer(_port: number, options?: { path?: string }): never {
    const httpServer = this.httpServer as HttpServer & { shouldUpgradeCallback: (request: IncomingMessage) => boolean };
    httpServer.shouldUpgradeCallback = (request) => isUpgrade(request, options?.path);
    return new Server(httpServer, {
      ...options,
      transports: ['websocket'],
      maxHttpBufferSize: MESSAGE_BYTES,
      wsEngine: BoundedWebSocketServer,
      serveClient: false,
      parser: { ...parser, Decoder: CheckedDecoder },
      // Compression costs more per message than chat messages are long.
      perMessageDeflate: false,
    }) as never;
  }
}

/** Any other request is answered as if it did not ask for an upgrade, which RFC 9110 (section 7.8) leaves to the server. */
const isUpgrade = ({ url = '', headers }: IncomingMessage, path = ''): boolean =>
  headers.upgrade?.toLowerCase() === 'websocket' && url.startsWith(`${path}/`);
