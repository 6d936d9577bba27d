import type { Socket } from 'socket.io-client';
import { openSocket, SocketClient } from './socket-client';
import type { Envelope } from './wire';

/** An event as a socket was sent it. */
export type LiveEvent = Omit<Envelope, 'data'> & { data: Record<string, unknown> };

/** A socket that remembers what it was sent. */
export class LiveClient extends SocketClient {
  readonly events: LiveEvent[];

  constructor(socket: Socket) {
    const events: LiveEvent[] = [];
    super(socket, (event) => events.push(event as LiveEvent));
    this.events = events;
  }

  /** It connects once and does not come back by itself. */
  static to(url: string, token: unknown, headers: Record<string, string> = {}): LiveClient {
    return new LiveClient(openSocket(url, token, { headers }));
  }

  of(type: string): LiveEvent[] {
    return this.events.filter((event) => event.type === type);
  }

  /* eslint-disable-next-line @typescript-eslint/no-explicit-any -- tests look into JSON of every shape */
  send(message: string, payload: unknown): Promise<any> {
    return this.request(message, payload);
  }
}
