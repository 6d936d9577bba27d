import { setTimeout as sleep } from 'node:timers/promises';
import { LightSocket } from '#caas/testing';
import { Population } from '../support/population';
import { TEXT } from '../support/fixture';
import type { Bench } from './bench';

const ROOMS = 5;
const MEMBERS = 10;
const PER_SECOND = 100;

interface Sent {
  at: number;
  tookMs: number;
}

/** People who chat at a steady pace in rooms of ten, and how long each of their sends took until it was acknowledged. */
export class EventRateProbe {
  private readonly sent: Sent[] = [];
  private readonly underway = new Set<Promise<void>>();
  private stopped = false;
  private serial = 0;
  private running: Promise<void> | undefined;

  private constructor(private readonly seats: { socket: LightSocket; conversation_id: string }[]) {}

  static async begin(bench: Bench): Promise<EventRateProbe> {
    const population = await Population.found(bench.api.url, bench.platformKey);
    const seats: EventRateProbe['seats'] = [];
    for (let room = 0; room < ROOMS; room += 1) {
      const people = await population.people(`room-${room}`, MEMBERS);
      const conversation_id = await population.room(people);
      for (const { token } of people) {
        seats.push({ socket: await LightSocket.connect(bench.api.url, token), conversation_id });
      }
    }
    const live = new EventRateProbe(seats);
    live.running = live.run();
    return live;
  }

  /** Milliseconds of each send that began in between. */
  between(from: number, to: number): number[] {
    return this.sent.filter(({ at }) => at >= from && at < to).map(({ tookMs }) => tookMs);
  }

  async end(): Promise<void> {
    this.stopped = true;
    await this.running;
    await Promise.all(this.underway);
    for (const { socket } of this.seats) socket.close();
  }

  private async run(): Promise<void> {
    for (let due = performance.now(); !this.stopped; due += 1_000 / PER_SECOND) {
      await sleep(Math.max(0, due - performance.now()));
      const sending = this.send().finally(() => this.underway.delete(sending));
      this.underway.add(sending);
    }
  }

  private async send(): Promise<void> {
    this.serial += 1;
    const { socket, conversation_id } = this.seats[this.serial % this.seats.length]!;
    const at = performance.now();
    const frame = await socket.emit('message.send', {
      conversation_id,
      client_message_id: `live-${this.serial}`,
      text: TEXT,
    });
    if (!frame.includes('[{"ok":true')) throw new Error(`refused: ${frame.slice(0, 400)}`);
    this.sent.push({ at, tookMs: performance.now() - at });
  }
}
