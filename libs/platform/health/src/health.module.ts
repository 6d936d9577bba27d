import { Inject, Injectable, Module, Optional, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { notFound } from '#caas/kernel';
import { toProblem, PROBLEM_TYPE } from '#caas/platform/http';
import { Metrics, MetricsModule } from '#caas/platform/metrics';
import { HealthChecks } from './health-checks';

/**
 * Decides who may read the metrics on the port that clients use. Bound by the library that checks credentials; without it nobody
 * may.
 */
export abstract class MetricsAccess {
  /** @throws CaasError 401, 403, 429 */
  abstract require(request: FastifyRequest): Promise<unknown>;
}

/** Every process registers checks and metrics. `MonitoringModule` serves them on a port of their own. */
@Module({ providers: [HealthChecks], exports: [HealthChecks] })
export class HealthModule {}

/** Plain Fastify routes instead of a controller: liveness probes carry no credential, so no guard may run before them. */
@Injectable()
class HealthRoutes implements OnModuleInit {
  constructor(
    private readonly host: HttpAdapterHost,
    private readonly health: HealthChecks,
    private readonly metrics: Metrics,
    @Optional() @Inject(MetricsAccess) private readonly access: MetricsAccess | null,
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
    fastify.get('/metrics', async (request, reply) => {
      try {
        if (!this.access) throw notFound('route');
        await this.access.require(request);
      } catch (error) {
        const problem = toProblem(error, request.id);
        if (problem.status === 401) void reply.header('www-authenticate', 'Bearer');
        return reply.status(problem.status).type(PROBLEM_TYPE).send(problem);
      }
      void reply.type(this.metrics.registry.contentType).header('cache-control', 'no-store');
      return this.metrics.registry.metrics();
    });
  }
}

/** `/health/live`, `/health/ready` and, with the platform key, `/metrics` on the port that clients use. */
@Module({ imports: [HealthModule, MetricsModule], providers: [HealthRoutes] })
export class HealthHttpModule {}
