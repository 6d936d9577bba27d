import { Injectable } from '@nestjs/common';
import { Histogram } from 'prom-client';
import { Metrics } from '#caas/platform/metrics';

/** How long requests take, by route pattern and status. */
@Injectable()
export class HttpMetrics {
  private readonly duration: Histogram;

  constructor(metrics: Metrics) {
    this.duration = new Histogram({
      name: 'caas_http_request_duration_seconds',
      help: 'Time from the first byte of a request to the last of its answer',
      labelNames: ['method', 'route', 'status'],
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
      registers: [metrics.registry],
    });
  }

  observe(method: string, route: string, status: number, elapsedMs: number): void {
    this.duration.observe({ method, route, status }, elapsedMs / 1000);
  }
}
