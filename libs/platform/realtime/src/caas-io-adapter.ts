import { IoAdapter } from '@nestjs/platform-socket.io';
import type { INestApplicationContext } from '@nestjs/common';
import type { Server as HttpServer } from 'node:http';
import { Server } from 'socket.io';
import { RedisConnections } from '#caas/platform/redis';
import { betweenProcesses } from './between-processes';

const MAX_MESSAGE_BYTES = 256 * 1024;
const RECOVERY_WINDOW_MS = 60_000;

/** socket.io as this system runs it: websocket only (no sticky sessions needed), one Redis stream between the processes. */
export class CaasIoAdapter extends IoAdapter {
  constructor(private readonly app: INestApplicationContext) {
    super(app);
  }

  /** Ours, and not the copy of socket.io that Nest brings along: there is one in the process. */
  override createIOServer(_port: number, options?: object): never {
    return new Server(this.httpServer as HttpServer, {
      ...options,
      transports: ['websocket'],
      maxHttpBufferSize: MAX_MESSAGE_BYTES,
      serveClient: false,
      // Compression costs more per message than chat messages are long.
      perMessageDeflate: false,
      // A shortcut after a short break; what counts is `sync`. A revoked token must not slip in by it.
      connectionStateRecovery: { maxDisconnectionDuration: RECOVERY_WINDOW_MS, skipMiddlewares: false },
      adapter: betweenProcesses(this.app.get(RedisConnections)),
    }) as never;
  }
}
