import { Injectable, Module } from '@nestjs/common';
import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import { versionOfCaas } from './version';

/** Upper bounds of the buckets, in seconds, for operations that usually take milliseconds. */
export const LATENCY_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5];

/** Gauges of prom-client that are named like counters, which `promtool check metrics` rejects. The same values exist by kind. */
const MISNAMED = ['nodejs_active_handles_total', 'nodejs_active_requests_total', 'nodejs_active_resources_total'];

/**
 * The process's Prometheus metrics. Libraries register their own metrics here. Labels name routes, queues and outcomes, never ids
 * or tenants: the number of series must not grow with the customers.
 */
@Injectable()
export class Metrics {
  readonly registry = new Registry();

  constructor() {
    collectDefaultMetrics({ register: this.registry });
    for (const name of MISNAMED) this.registry.removeSingleMetric(name);
    const build = new Gauge({
      name: 'caas_build_info',
      help: 'Always 1; which CaaS on which Node',
      labelNames: ['version', 'node'],
      registers: [this.registry],
    });
    build.set({ version: versionOfCaas(), node: process.versions.node }, 1);
  }
}

@Module({ providers: [Metrics], exports: [Metrics] })
export class MetricsModule {}
