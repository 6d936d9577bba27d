import { IoAdapter } from '@nestjs/platform-socket.io';
import type { IncomingMessage, Server as HttpServer } from 'node:http';
import { Server } from 'socket.io';
import * as parser from 'socket.io-parser';
import { CheckedDecoder } from './checked-decoder';
import { BoundedWebSocketServer, MESSAGE_BYTES } from './websocket-server';

/** socket.io as this system runs it: websocket only, so no sticky sessions are needed; each process sends only to its own sockets. */
export class CaasIoAdapter extends IoAdapter {
  /** Uses our own copy of socket.io instead of the one that Nest depends on, so that the process loads only one. */
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
      // Chat messages are short: compressing one costs more than it saves.
      perMessageDeflate: false,
    }) as never;
  }
}

/** Any other request is answered as if it did not ask for an upgrade: RFC 9110 (section 7.8) lets the server ignore that. */
const isUpgrade = ({ url = '', headers }: IncomingMessage, path = ''): boolean =>
  headers.upgrade?.toLowerCase() === 'websocket' && url.startsWith(`${path}/`);
