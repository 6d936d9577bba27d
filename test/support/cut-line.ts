import { connect, createServer, type Server, type Socket } from 'node:net';
import { freePort } from '../../tools/stack';

/** A line to an engine that can be cut, and joined again, while everybody else goes on using the engine. */
export class CutLine {
  private readonly sockets = new Set<Socket>();
  private server: Server;
  private isCut = false;
  private port: number;

  /** @param url of the engine */
  constructor(private readonly url: string) {}

  /** @returns the engine's url, by way of this line */
  async open(): Promise<string> {
    this.port = await freePort();
    const target = new URL(this.url);
    this.server = createServer((near) => {
      if (this.isCut) return void near.destroy();
      const far = connect(Number(target.port || 6379), target.hostname);
      for (const [one, other] of [
        [near, far],
        [far, near],
      ] as const) {
        this.sockets.add(one);
        one.on('error', () => other.destroy());
        one.on('close', () => {
          this.sockets.delete(one);
          other.destroy();
        });
        one.pipe(other);
      }
    });
    await new Promise<void>((resolve) => this.server.listen(this.port, '127.0.0.1', resolve));
    const near = new URL(this.url);
    near.hostname = '127.0.0.1';
    near.port = String(this.port);
    return near.href;
  }

  cut(): void {
    this.isCut = true;
    for (const socket of this.sockets) socket.destroy();
  }

  join(): void {
    this.isCut = false;
  }

  close(): void {
    this.cut();
    this.server.close();
  }
}
