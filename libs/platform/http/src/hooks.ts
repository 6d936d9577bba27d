import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Server } from 'node:http';
import { CaasError } from '#caas/kernel';
import type { Log } from '#caas/platform/logging';
import { findContext } from './context-binding';
import { requireConditionalWrites } from './conditional-routes';
import { applyCors, isForeign, type OriginCheck } from './cors';
import { answerWithEntityTags } from './entity-tags';
import type { HttpMetrics } from './http-metrics';
import { answerWithoutStoring } from './no-store';
import { routeOption, type RouteOptions } from './route-config';
import { securityHeaders } from './security-headers';
import type { ServerState } from './server-state';

const CLOSE_IDLE_EVERY_MS = 50;

/** The largest body of one route, in bytes, instead of `BODY_LIMIT_BYTES`. */
export const BodyLimit = (limitBytes: number) => routeOption({ bodyLimitBytes: limitBytes });

export interface HookParts {
  log: Log;
  metrics: HttpMetrics;
  state: ServerState;
  origins: OriginCheck;
  bodyLimitBytes: number;
  logRequests: boolean;
}

/** Everything that is done for each request outside of its handler: hooks of Fastify, because an interceptor costs five times as much. */
export function addHooks(fastify: FastifyInstance, parts: HookParts): void {
  fastify.addHook('onRoute', (route) => {
    const { bodyLimitBytes } = (route.config ?? {}) as RouteOptions;
    route.bodyLimit ??= bodyLimitBytes ?? parts.bodyLimitBytes;
  });
  fastify.addHook('preClose', (done) => {
    closeWhatBecomesIdle(fastify.server);
    done();
  });
  fastify.addHook('onRequest', (request, reply, done) => {
    reply.header('x-request-id', request.id);
    reply.headers(securityHeaders(request.url));
    if (parts.state.draining) return refuseWhileDraining(reply, done);
    const { origin, host } = request.headers;
    if (origin === undefined || !isForeign(origin, host)) return done();
    applyCors(parts.origins, origin, request, reply).then((answered) => {
      if (!answered) done();
    }, done);
  });
  answerWithEntityTags(fastify);
  answerWithoutStoring(fastify);
  requireConditionalWrites(fastify);
  fastify.addHook('onResponse', (request, reply, done) => {
    const route = request.routeOptions.url ?? 'unknown';
    parts.metrics.observe(request.method, route, reply.statusCode, reply.elapsedTime);
    if (parts.logRequests) logRequest(parts.log, request, reply, route);
    done();
  });
}

/** A connection that is busy when the server stops listening would be kept alive after its answer: it is closed as soon as it is idle. */
function closeWhatBecomesIdle(server: Server): void {
  const sweep = setInterval(() => server.closeIdleConnections(), CLOSE_IDLE_EVERY_MS);
  server.once('close', () => clearInterval(sweep));
}

function refuseWhileDraining(reply: FastifyReply, done: (error: Error) => void): void {
  reply.header('connection', 'close');
  done(new CaasError('unavailable', 'unavailable', 'This process ends. Send the request again.'));
}

/** One line per request, by its route and not its URL: URLs hold ids, and links hold signatures. Probes are of interest to nobody. */
function logRequest({ root }: Log, request: FastifyRequest, reply: FastifyReply, route: string): void {
  const level = route.startsWith('/health/') || route === '/metrics' ? 'debug' : 'info';
  if (!root.isLevelEnabled(level)) return;
  const fields = {
    tenant_id: findContext(request)?.tenantId,
    request_id: request.id,
    method: request.method,
    route,
    status: reply.statusCode,
    duration_ms: Math.round(reply.elapsedTime * 10) / 10,
  };
  root[level](fields, 'request');
}
