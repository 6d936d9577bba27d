import { Global, Injectable, Module } from '@nestjs/common';
import { collectDefaultMetrics, Registry } from 'prom-client';

/**
 * Prometheus' view of the process. Libraries register their own metrics here. Labels name routes, queues and outcomes, never ids
 * or tenants: their number must not grow with the customers, and `/metrics` is open to whoever reaches the port.
 */
@Injectable()
export class Metrics {
  readonly registry = new Registry();

  constructor() {
    collectDefaultMetrics({ register: this.registry });
  }
}

@Global()
@Module({ providers: [Metrics], exports: [Metrics] })
export class MetricsModule {}
