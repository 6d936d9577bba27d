import { Injectable } from '@nestjs/common';
import { Histogram } from 'prom-client';
import { LATENCY_BUCKETS, Metrics } from '#caas/platform/metrics';

export type SendOutcome = 'stored' | 'replayed' | 'refused' | 'failed';

/** Durations of sends by outcome, whichever way the messages came. */
@Injectable()
export class SendMetrics {
  private readonly durations: Record<SendOutcome, Histogram.Internal<string>>;

  constructor({ registry }: Metrics) {
    const duration = new Histogram({
      name: 'caas_message_send_duration_seconds',
      help: 'From a send to its commit: stored; replayed (it was stored before); refused (for what the client asked); failed',
      labelNames: ['outcome'],
      buckets: LATENCY_BUCKETS,
      registers: [registry],
    });
    const of = (outcome: SendOutcome) => duration.labels({ outcome });
    this.durations = {
      stored: of('stored'),
      replayed: of('replayed'),
      refused: of('refused'),
      failed: of('failed'),
    };
  }

  ended(outcome: SendOutcome, startedAtMs: number): void {
    this.durations[outcome].observe((performance.now() - startedAtMs) / 1000);
  }
}
