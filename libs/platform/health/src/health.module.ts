import { Global, Injectable, Module, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyInstance } from 'fastify';
import { toProblem, PROBLEM_TYPE } from '#caas/platform/http';
import { Metrics, MetricsModule } from '#caas/platform/metrics';
import { HealthChecks } from './health-checks';

/** Every process registers checks and metrics; only those with `HealthHttpModule` serve them. */
@Global()
@Module({ imports: [MetricsModule], providers: [HealthChecks], exports: [HealthChecks] })
export class HealthModule {}

/** Plain Fastify routes and not a controller: who asks whether the process lives shows no credential, so no guard may stand before. */
@Injectable()
class HealthRoutes implements OnModuleInit {
  constructor(
    private readonly host: HttpAdapterHost,
    private readonly health: HealthChecks,
    private readonly metrics: Metrics,
  ) {}

  onModuleInit(): void {
    const fastify = this.host.httpAdapter.getInstance<FastifyInstance>();
    fastify.get('/health/live', () => ({ status: 'ok' }));
    fastify.get('/health/ready', async (request, reply) => {
      const { ready, checks } = await this.health.run();
      void reply.header('cache-control', 'no-store');
      if (ready) return { status: 'ok', checks };
      const down = Object.keys(checks).filter((name) => checks[name] === 'down');
      const problem = toProblem({ statusCode: 503 }, request.id);
      return reply
        .status(503)
        .type(PROBLEM_TYPE)
        .send({ ...problem, detail: `Not reachable: ${down.join(', ')}.`, checks });
    });
    fastify.get('/metrics', async (_request, reply) => {
      void reply.type(this.metrics.registry.contentType);
      return this.metrics.registry.metrics();
    });
  }
}

/** `/health/live`, `/health/ready` and `/metrics`. */
@Module({ imports: [HealthModule], providers: [HealthRoutes] })
export class HealthHttpModule {}
