import { Injectable } from '@nestjs/common';
import { Counter, Gauge, Histogram } from 'prom-client';
import type { EventEnvelope, EventType } from '#caas/contracts';
import { LATENCY_BUCKETS, Metrics } from '#caas/platform/metrics';

/** Metrics of this process's sockets and of the events sent to them. An event is counted once for all its receivers. */
@Injectable()
export class RealtimeMetrics {
  private readonly sockets: Gauge;
  private readonly connects: Counter;
  private readonly refusals: Counter;
  private readonly messages: Counter;
  private readonly events: Counter;
  private readonly delivery: Histogram;

  constructor({ registry }: Metrics) {
    const registers = [registry];
    this.sockets = new Gauge({ name: 'caas_sockets', help: 'Sockets whose client is known and connected', registers });
    this.connects = new Counter({
      name: 'caas_socket_connects_total',
      help: 'Sockets whose client was let in',
      registers,
    });
    this.refusals = new Counter({
      name: 'caas_socket_refusals_total',
      help: 'Sockets that were refused or cut off before their client was let in, by why',
      labelNames: ['code'],
      registers,
    });
    this.messages = new Counter({
      name: 'caas_socket_messages_total',
      help: 'Messages of clients that were answered, by message and by the code of what was refused (ok: none was)',
      labelNames: ['message', 'code'],
      registers,
    });
    this.events = new Counter({
      name: 'caas_events_sent_total',
      help: 'Events that left for a socket: one with a hundred receivers counts a hundred',
      labelNames: ['type'],
      registers,
    });
    this.delivery = new Histogram({
      name: 'caas_event_delivery_seconds',
      help: 'From the moment an event was published, on whichever process, to the moment it leaves this one',
      buckets: LATENCY_BUCKETS,
      registers,
    });
  }

  connected(): void {
    this.connects.inc();
    this.sockets.inc();
  }

  disconnected(): void {
    this.sockets.dec();
  }

  refused(code: string): void {
    this.refusals.inc({ code });
  }

  answered(message: string, code = 'ok'): void {
    this.messages.inc({ message, code });
  }

  /** @param receivers sockets of this process */
  sent(type: EventType | 'ready', receivers: number): void {
    if (receivers > 0) this.events.inc({ type }, receivers);
  }

  delivered({ type, at }: EventEnvelope, receivers: number): void {
    if (receivers === 0) return;
    this.events.inc({ type }, receivers);
    // The clocks of two machines may differ by more than the delay, so it could be negative.
    this.delivery.observe(Math.max(0, Date.now() - Date.parse(at)) / 1000);
  }
}
