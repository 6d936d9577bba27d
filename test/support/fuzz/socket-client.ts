import { WebSocket } from 'ws';
import type { Answered } from './rest-client';

/** Engine.IO 4 with Socket.IO 5: see `LightSocket`, which does not bear being cut off. */
const [OPEN, PING, PONG, CONNECT, CONNECTED, EVENT, ACKNOWLEDGEMENT] = ['0', '2', '3', '40', '40', '42', '43'];
const ANSWER_MS = 120_000;
/** Below what a socket may send, so that the messages are looked at and not only counted. */
const GAP_MS = 25;

/** Sends messages one by one, whatever they are; connects again when the server has cut it off. */
export class SocketClient {
  private socket: WebSocket | null = null;
  private settle: (frame: string) => void = () => undefined;
  private nextId = 0;
  /** How often the server has ended the connection. */
  cuts = 0;

  async emit(url: string, token: string, json: string): Promise<Answered> {
    await new Promise((resolve) => setTimeout(resolve, GAP_MS));
    const start = performance.now();
    const socket = (this.socket ??= await this.connect(url, token));
    this.nextId += 1;
    const frame = await new Promise<string>((resolve) => {
      this.settle = resolve;
      const timer = setTimeout(() => resolve('no answer'), ANSWER_MS);
      timer.unref();
      socket.send(`${EVENT}${this.nextId}${json}`);
    });
    return { ...verdictOn(frame), ms: performance.now() - start };
  }

  close(): void {
    this.socket?.terminate();
    this.socket = null;
  }

  private connect(url: string, token: string): Promise<WebSocket> {
    const socket = new WebSocket(`${url.replace('http', 'ws')}/realtime/?EIO=4&transport=websocket`);
    return new Promise((resolve, reject) => {
      socket.on('error', reject);
      socket.on('close', () => {
        this.cuts += 1;
        this.socket = null;
        this.settle('cut');
        reject(new Error('the socket was refused'));
      });
      socket.on('message', (data: Buffer) => {
        const frame = data.toString('utf8');
        if (frame === PING) socket.send(PONG!);
        else if (frame.startsWith(ACKNOWLEDGEMENT!)) this.settle(frame);
        else if (frame.startsWith('42["ready"')) resolve(socket);
        else if (frame.startsWith(CONNECTED!)) return;
        else if (frame.startsWith(OPEN!)) socket.send(`${CONNECT}${JSON.stringify({ token })}`);
      });
    });
  }
}

/** A message that cannot be answered may end the connection: what no client of Socket.IO sends. */
function verdictOn(frame: string): Omit<Answered, 'ms'> {
  if (frame === 'cut') return { status: 0, verdict: null };
  if (frame === 'no answer') return { status: 0, verdict: frame };
  const [answer] = JSON.parse(frame.slice(frame.indexOf('['))) as {
    ok: boolean;
    error?: { status: number; code: string };
  }[];
  if (answer!.ok) return { status: 200, verdict: null };
  const { status, code } = answer!.error!;
  return { status, verdict: status >= 500 || !/^[a-z0-9_]+$/.test(code) ? JSON.stringify(answer) : null };
}
