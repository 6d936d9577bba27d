/** The load clients, a process of their own: connect once, then run each load that the parent asks for. */
import { LightSocket } from '#caas/testing';
import { percentile } from '../support/statistics';
import { Awaited, pause } from './awaited';

export interface Seat {
  token: string;
  /** Where this client sends; what it receives follows from the rooms it is in. */
  conversationId: string;
}

export interface Crowd {
  url: string;
  seats: Seat[];
}

/** How the senders send: as fast as they are answered, or `perSecond` messages together at a steady pace. */
export interface Talk {
  seconds: number;
  /** The first so many seats send; each has one message in flight. */
  senders: number;
  perSecond?: number;
  text: string;
  /**
   * When a message counts and its sender goes on: when its event has arrived at the seat that is so many places further (0: at the
   * sender's own). Without, when it is acknowledged. Not of a steady pace, which waits for nobody.
   */
  receivedAt?: number;
  /** Whether refusals are part of it; without, one ends the run. */
  mayBeRefused?: boolean;
}

export interface Talked {
  accepted: number;
  refused: number;
  deliveries: number;
  seconds: number;
  /** Milliseconds from sending to the acknowledgement. */
  acknowledged: Percentiles;
  /** Each of them, for whoever puts several talks together. */
  acknowledgedMs: number[];
  /** Milliseconds from sending to the arrival at each who is told; not when acknowledgements are waited for. */
  delivered: Percentiles;
  /** Of this process. */
  clientCpuSeconds: number;
}

export interface Percentiles {
  p50: number;
  p95: number;
  p99: number;
}

const SETTLE_MS = 300;
const CONNECT_AT_ONCE = 50;
const STAMP = '"client_message_id":"';

class Clients {
  private sockets: LightSocket[] = [];
  private deliveries = 0;
  private acknowledged: number[] = [];
  private arrivals: number[] | null = null;
  private awaited: Awaited | null = null;
  private serial = 0;
  private refused: number | null = null;

  private constructor(private readonly seats: Seat[]) {}

  static async seat({ url, seats }: Crowd): Promise<Clients> {
    const clients = new Clients(seats);
    for (let at = 0; at < seats.length; at += CONNECT_AT_ONCE) {
      const some = seats.slice(at, at + CONNECT_AT_ONCE);
      clients.sockets.push(...(await Promise.all(some.map(({ token }) => LightSocket.connect(url, token)))));
    }
    for (const [at, socket] of clients.sockets.entries()) socket.onEvent = (frame) => clients.received(at, frame);
    return clients;
  }

  async talk(talk: Talk): Promise<Talked> {
    const { seconds, senders, perSecond, text, receivedAt, mayBeRefused } = talk;
    this.acknowledged = [];
    this.awaited = receivedAt === undefined ? null : new Awaited(receivedAt, seconds);
    this.arrivals = perSecond === undefined && !this.awaited ? null : [];
    this.deliveries = 0;
    this.refused = mayBeRefused ? 0 : null;
    const cpuBefore = process.cpuUsage();
    const start = performance.now();
    const until = start + seconds * 1000;
    const sending = this.seats.slice(0, senders).map((_seat, at) => {
      if (perSecond === undefined) return this.saturate(at, until, text);
      return this.pace(at, { until, everyMs: (1000 * senders) / perSecond, phase: at / senders }, text);
    });
    await Promise.all(sending);
    const took = (performance.now() - start) / 1000;
    const accepted = this.awaited?.arrived ?? this.acknowledged.length;
    const { user, system } = process.cpuUsage(cpuBefore);
    const deliveries = this.deliveries;
    await pause(SETTLE_MS);
    this.awaited?.end();
    return {
      accepted,
      refused: this.refused ?? 0,
      deliveries,
      seconds: took,
      acknowledged: percentiles(this.acknowledged),
      acknowledgedMs: this.acknowledged,
      delivered: percentiles(this.arrivals ?? []),
      clientCpuSeconds: (user + system) / 1e6,
    };
  }

  close(): void {
    for (const socket of this.sockets) socket.close();
  }

  private async saturate(at: number, until: number, text: string): Promise<void> {
    while (performance.now() < until) {
      if (this.awaited) await this.awaited.arrivalOf(at, this.sendOne(at, text));
      else await this.sendOne(at, text);
    }
  }

  private async pace(
    at: number,
    { until, everyMs, phase }: { until: number; everyMs: number; phase: number },
    text: string,
  ): Promise<void> {
    const sent: Promise<void>[] = [];
    for (let due = performance.now() + phase * everyMs; due < until; due += everyMs) {
      await pause(due - performance.now());
      sent.push(this.sendOne(at, text));
    }
    await Promise.all(sent);
  }

  /** Resolves when it is acknowledged. @throws Error when it is refused and may not be */
  private async sendOne(at: number, text: string): Promise<void> {
    this.serial += 1;
    const sentAt = performance.now();
    const frame = await this.sockets[at]!.emit('message.send', {
      conversation_id: this.seats[at]!.conversationId,
      client_message_id: `${sentAt.toFixed(3)}-${at}-${process.pid}-${this.serial}`,
      text,
    });
    if (frame.includes('[{"ok":true')) this.acknowledged.push(performance.now() - sentAt);
    else if (this.refused === null) throw new Error(`refused: ${frame.slice(0, 400)}`);
    else this.refused += 1;
  }

  private received(at: number, frame: string): void {
    if (!frame.startsWith('42["message.created"')) return;
    this.deliveries += 1;
    if (!this.arrivals) return;
    const from = frame.indexOf(STAMP) + STAMP.length;
    const [sentAt, sender] = frame.slice(from, frame.indexOf('"', from)).split('-', 2);
    const arrivedAt = performance.now();
    if (this.awaited?.arrive(at, Number(sender)) ?? true) this.arrivals.push(arrivedAt - Number(sentAt));
  }
}

const percentiles = (values: number[]): Percentiles => ({
  p50: percentile(values, 0.5),
  p95: percentile(values, 0.95),
  p99: percentile(values, 0.99),
});

export type Order = { seat: Crowd } | { talk: Talk } | { close: true };
export type Report = { ok: true; talked?: Talked } | { ok: false; error: string };

let clients: Clients | null = null;

async function obey(order: Order): Promise<Talked | undefined> {
  if ('seat' in order) clients = await Clients.seat(order.seat);
  else if ('talk' in order) return clients!.talk(order.talk);
  else clients?.close();
  return undefined;
}

process.on('message', (order: Order) => {
  obey(order).then(
    (talked) => process.send!({ ok: true, ...(talked ? { talked } : {}) } satisfies Report),
    (error: Error) => process.send!({ ok: false, error: String(error.stack) } satisfies Report),
  );
});
process.on('disconnect', () => process.exit(0));
