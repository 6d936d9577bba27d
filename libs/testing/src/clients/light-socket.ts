import { WebSocket } from 'ws';

/** Engine.IO 4 packet types and Socket.IO 5 packet types that occur here, as they begin a frame. */
const PING = '2';
const PONG = '3';
const CONNECTED = '40';
const EVENT = '42';
const ACKNOWLEDGEMENT = '43';
const REFUSED = '44';

/**
 * As much of a socket.io client as a load needs. It counts frames and does not parse them, so that on a small machine most of
 * the processor is left to the servers; bare and full servers are measured by the same client.
 */
export class LightSocket {
  /** Called for every event with the raw frame, `42["type",{…}]`. */
  onEvent: (frame: string) => void = () => undefined;
  private readonly waiting = new Map<number, (frame: string) => void>();
  private nextId = 0;

  private constructor(private readonly socket: WebSocket) {}

  /** Resolves when the server has said `ready`. @throws Error when it refuses */
  static async connect(url: string, token: string): Promise<LightSocket> {
    const address = `${url.replace('http', 'ws')}/realtime/?EIO=4&transport=websocket`;
    const light = new LightSocket(new WebSocket(address, { perMessageDeflate: false }));
    await light.shakeHands(token);
    return light;
  }

  /** The acknowledgement's raw frame. */
  emit(type: string, payload: unknown): Promise<string> {
    return this.emitJson(JSON.stringify([type, payload]));
  }

  /** An event as its JSON stands, `["type",{…}]`, for what no JSON.stringify would write. */
  emitJson(json: string): Promise<string> {
    this.nextId += 1;
    const id = this.nextId;
    return new Promise((resolve) => {
      this.waiting.set(id, resolve);
      this.socket.send(`${EVENT}${id}${json}`);
    });
  }

  close(): void {
    this.socket.terminate();
  }

  private shakeHands(token: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.socket.on('error', reject);
      this.socket.on('message', (data: Buffer) => {
        const frame = data.toString('latin1');
        if (frame.startsWith(EVENT)) {
          if (frame.startsWith('42["ready"')) resolve();
          else this.onEvent(frame);
        } else if (frame.startsWith(ACKNOWLEDGEMENT)) this.settle(frame);
        else if (frame === PING) this.socket.send(PONG);
        else if (frame.startsWith('0')) this.socket.send(`${CONNECTED}${JSON.stringify({ token })}`);
        else if (frame.startsWith(REFUSED)) reject(new Error(frame));
      });
    });
  }

  private settle(frame: string): void {
    const id = Number.parseInt(frame.slice(ACKNOWLEDGEMENT.length), 10);
    const resolve = this.waiting.get(id);
    this.waiting.delete(id);
    resolve?.(frame);
  }
}
