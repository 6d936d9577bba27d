import { Injectable } from '@nestjs/common';
import { Histogram } from 'prom-client';
import { LATENCY_BUCKETS, Metrics } from '#caas/platform/metrics';

/** New messages, however they came. */
@Injectable()
export class SendMetrics {
  private readonly duration: Histogram;

  constructor({ registry }: Metrics) {
    this.duration = new Histogram({
      name: 'caas_message_send_duration_seconds',
      help: 'From a send to its commit: stored; replayed (it was stored before); refused (for what the client asked); failed',
      labelNames: ['outcome'],
      buckets: LATENCY_BUCKETS,
      registers: [registry],
    });
  }

  ended(outcome: 'stored' | 'replayed' | 'refused' | 'failed', startedAtMs: number): void {
    this.duration.observe({ outcome }, (performance.now() - startedAtMs) / 1000);
  }
}
