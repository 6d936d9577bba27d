import type { Server } from 'socket.io';

/** As much of an Engine.IO connection as is touched here; none of it is in its public types. */
interface Connection {
  flush(): void;
  transport: { socket?: { _socket?: { cork(): void; uncork(): void } } };
}

/**
 * What one turn of the event loop has for a client leaves in one write. A group of sends commits at once, and each of its events
 * goes to everybody in the room: written one by one, the system calls were a third of what a busy room costs.
 *
 * Engine.IO writes a packet the moment it comes and keeps the next ones until that is written; here its `flush` waits for the
 * end of the turn, and finds all of them. That method is not part of its public interface: `batched-writes.spec.ts` fails when
 * an upgrade takes it away.
 */
export function coalesceWrites(server: Server): void {
  server.engine.on('connection', (connection: unknown) => batchWritesOf(connection as Connection));
}

export function batchWritesOf(connection: Connection): void {
  const flush = connection.flush.bind(connection);
  let waiting = false;
  connection.flush = () => {
    if (waiting) return;
    waiting = true;
    setImmediate(() => {
      waiting = false;
      const stream = connection.transport.socket?._socket;
      stream?.cork();
      flush();
      stream?.uncork();
    });
  };
}
