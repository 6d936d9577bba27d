import type { Server } from 'socket.io';

/** The parts of an Engine.IO connection that we use; none of them is in its public types. */
interface Connection {
  flush(): void;
  transport: { socket?: { _socket?: { cork(): void; uncork(): void } } };
}

/**
 * Writes all packets of one turn of the event loop to a client in one system call. A group of sends commits at once, and each of
 * its events goes to everybody in the room: with one write per packet, system calls were a third of the cost of a busy room.
 *
 * Engine.IO writes a packet at once and queues the next ones until that write is done. Here its `flush` waits until the end of
 * the turn, and writes the whole queue. `flush` is not part of its public interface: `coalesced-writes.spec.ts` fails when an
 * upgrade removes it.
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
