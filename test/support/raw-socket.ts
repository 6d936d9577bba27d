import { once } from 'node:events';
import type { Socket as NetSocket } from 'node:net';
import { WebSocket, type ClientOptions } from 'ws';
import { patient } from '#caas/testing';

const BATCH = 200;
const MOST_FRAMES = 1_000;
const CUT = '42["connection.cut"';

/**
 * A WebSocket on `/realtime` that sends what it is told to, frame by frame, and follows no protocol by itself. It counts what it
 * receives, and remembers the first frames and what it was cut off for.
 */
export class RawSocket {
  readonly frames: string[] = [];
  closedWith: number | null = null;
  sent = 0;

  private constructor(readonly socket: WebSocket) {
    socket.on('error', () => undefined);
    socket.on('message', (data: Buffer) => {
      const frame = data.toString();
      if (this.frames.length < MOST_FRAMES || frame.startsWith(CUT)) this.frames.push(frame);
    });
    socket.on('close', (code) => (this.closedWith = code));
  }

  /** Resolves once Engine.IO has opened the session. @throws Error with the status when the upgrade is refused */
  static async open(url: string, options: ClientOptions = {}): Promise<RawSocket> {
    const address = `${url.replace('http', 'ws')}/realtime/?EIO=4&transport=websocket`;
    const raw = new RawSocket(new WebSocket(address, { perMessageDeflate: false, ...options }));
    await new Promise<void>((resolve, reject) => {
      raw.socket.once('message', () => resolve());
      raw.socket.once('error', reject);
    });
    return raw;
  }

  /** Resolves once the user is in all rooms. @throws Error with the frame that refuses it */
  async welcomeAs(token: string): Promise<this> {
    this.socket.send(`40${JSON.stringify({ token })}`);
    for (;;) {
      const answer = this.frames.find((frame) => frame.startsWith('42["ready"') || frame.startsWith('44'));
      if (answer?.startsWith('42')) return this;
      if (answer) throw new Error(answer);
      if (this.closedWith !== null) throw new Error(`closed with ${this.closedWith}`);
      await Promise.race([once(this.socket, 'message'), once(this.socket, 'close')]);
    }
  }

  /** Reads nothing any more. */
  goDeaf(): void {
    this.wire.pause();
  }

  /**
   * Sends one thing after the other, and when it has sent so many another one now and then, until it is cut off. Who reads nothing
   * learns of that by sending.
   * @returns whether it was cut off in time
   */
  async flood(send: (socket: WebSocket, at: number) => void, most: number): Promise<boolean> {
    const deadline = Date.now() + patient(10_000);
    while (this.isOpen && Date.now() < deadline) {
      const batch = this.sent < most ? BATCH : 1;
      // What the server does not read any more waits here, and is no reason to send on.
      for (let at = 0; at < batch && this.isOpen && this.socket.bufferedAmount < 2 ** 20; at += 1) {
        send(this.socket, this.sent);
        this.sent += 1;
      }
      await (batch > 1 ? turn() : new Promise((resolve) => setTimeout(resolve, 10)));
    }
    return !this.isOpen;
  }

  private get isOpen(): boolean {
    return this.socket.readyState === WebSocket.OPEN;
  }

  /** The code that a `connection.cut` told; null when none did. */
  get cutFor(): string | null {
    const cut = this.frames.find((frame) => frame.startsWith(CUT));
    if (cut === undefined) return null;
    return (JSON.parse(cut.slice(2)) as [string, { data: { code: string } }])[1].data.code;
  }

  /** The answer to a message that was sent with this id. */
  answerTo(id: number): unknown {
    const frame = this.frames.find((each) => each.startsWith(`43${id}[`));
    return frame === undefined ? undefined : (JSON.parse(frame.slice(`43${id}`.length)) as unknown[])[0];
  }

  private get wire(): NetSocket {
    return (this.socket as unknown as { _socket: NetSocket })._socket;
  }
}

const turn = () => new Promise((resolve) => setImmediate(resolve));
