import { createServer, type Server, type Socket } from 'node:net';
import { rm } from 'node:fs/promises';
import { EICAR } from './samples';

/** Speaks clamd's INSTREAM on a socket, and knows EICAR alone. */
export class ClamdStandIn {
  private server: Server | null = null;
  scans = 0;

  constructor(readonly path: string) {}

  async start(): Promise<void> {
    this.server = createServer((socket) => this.serve(socket));
    await new Promise<void>((resolve) => this.server!.listen(this.path, resolve));
  }

  async stop(): Promise<void> {
    await new Promise((resolve) => this.server?.close(resolve));
    await rm(this.path, { force: true });
  }

  private serve(socket: Socket): void {
    let received = Buffer.alloc(0);
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      const stream = streamOf(received);
      if (!stream) return;
      this.scans += 1;
      socket.end(stream.includes(EICAR) ? 'stream: Eicar-Signature FOUND\0' : 'stream: OK\0');
    });
  }
}

/** Null until the piece without a length has come. */
function streamOf(received: Buffer): Buffer | null {
  const command = 'zINSTREAM\0';
  const pieces: Buffer[] = [];
  for (let at = command.length; at + 4 <= received.length;) {
    const length = received.readUInt32BE(at);
    if (length === 0) return received.toString('latin1', 0, command.length) === command ? Buffer.concat(pieces) : null;
    pieces.push(received.subarray(at + 4, at + 4 + length));
    at += 4 + length;
  }
  return null;
}
