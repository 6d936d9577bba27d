import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Server } from 'node:http';
import { CaasError, invalid } from '#caas/kernel';
import { aboutOf, type Log } from '#caas/platform/logging';
import { findContext } from './context-binding';
import { requireConditionalWrites } from './conditional-routes';
import { applyCors, isForeign, type OriginCheck } from './cors';
import { answerWithEntityTags } from './entity-tags';
import type { HttpMetrics } from './http-metrics';
import { LingeringConnections } from './lingering';
import { answerWithoutStoring } from './no-store';
import { requireReadableBody, requireReadableQuery } from './request-head';
import { routeOption, routeOptionsOf, type RouteOptions } from './route-config';
import { securityHeaders } from './security-headers';
import type { ServerState } from './server-state';

const CLOSE_IDLE_EVERY_MS = 50;

/** The largest body of one route, in bytes, instead of `BODY_LIMIT_BYTES`. */
export const BodyLimit = (limitBytes: number) => routeOption({ bodyLimitBytes: limitBytes });

/** Nest's name for a request's handler, such as `FilesController.upload`. It is known before the handler runs. */
export const handlerNameOf = (request: FastifyRequest): string => routeOptionsOf(request).handlerName ?? '';

export interface HookParts {
  log: Log;
  metrics: HttpMetrics;
  state: ServerState;
  origins: OriginCheck;
  bodyLimitBytes: number;
  logRequests: boolean;
}

/**
 * Everything that happens for each request outside its handler. These are Fastify hooks, because a Nest interceptor costs five
 * times as much.
 */
export function addHooks(fastify: FastifyInstance, parts: HookParts): void {
  const lingering = new LingeringConnections();
  fastify.addHook('onRoute', (route) => {
    const options = (route.config ?? {}) as RouteOptions;
    route.bodyLimit ??= options.bodyLimitBytes ?? parts.bodyLimitBytes;
    route.config = { ...options, handlerName: route.handler.name } as typeof route.config;
  });
  fastify.addHook('preClose', (done) => {
    closeWhatBecomesIdle(fastify.server);
    done();
  });
  fastify.addHook('onRequest', (request, reply, done) => {
    reply.header('x-request-id', request.id);
    reply.headers(securityHeaders(request.url));
    if (parts.state.draining) return refuseWhileDraining(reply, done);
    try {
      requireReadableHead(request);
    } catch (error) {
      return done(error as Error);
    }
    const { origin, host } = request.headers;
    if (origin === undefined || !isForeign(origin, host)) return done();
    applyCors(parts.origins, origin, request, reply).then((answered) => {
      if (!answered) done();
    }, done);
  });
  // Before the body is read, so that the body of an unknown route is never read.
  fastify.addHook('onRequest', (request, _reply, done) => done(request.is404 ? noSuchRoute() : undefined));
  // Runs after every `onRequest` hook; one of them checks the credential.
  fastify.addHook('preParsing', (request, reply, payload, done) => {
    try {
      requireReadableBody(request, reply);
      done(null, payload);
    } catch (error) {
      done(error as Error);
    }
  });
  answerWithEntityTags(fastify);
  answerWithoutStoring(fastify);
  requireConditionalWrites(fastify);
  fastify.addHook('onSend', (request, reply, _payload, done) => {
    // Replaces Fastify's `Connection: close`, which it sends for every refused body.
    if (!parts.state.draining) lingering.announce(request, reply);
    done();
  });
  fastify.addHook('onResponse', (request, reply, done) => {
    lingering.add(request.raw);
    const route = request.routeOptions.url ?? 'unknown';
    parts.metrics.observe(request.method, route, reply.statusCode, reply.elapsedTime);
    if (parts.logRequests) logRequest(parts.log, request, reply, route);
    done();
  });
}

/**
 * A connection that is busy when the server stops listening would be kept alive after its answer. This closes it as soon as it is
 * idle.
 */
function closeWhatBecomesIdle(server: Server): void {
  const sweep = setInterval(() => server.closeIdleConnections(), CLOSE_IDLE_EVERY_MS);
  server.once('close', () => clearInterval(sweep));
}

function refuseWhileDraining(reply: FastifyReply, done: (error: Error) => void): void {
  reply.header('connection', 'close');
  done(new CaasError('unavailable', 'unavailable', 'This process ends. Send the request again.'));
}

const noSuchRoute = () => Object.assign(new Error('no such route'), { statusCode: 404 });

/** @throws CaasError `malformed_request`, `invalid_parameter` (400) */
function requireReadableHead({ raw }: FastifyRequest): void {
  if (raw.headers.host === undefined && raw.httpVersion === '1.1') {
    throw invalid('malformed_request', 'The request has no Host (RFC 9112, 3.2).');
  }
  requireReadableQuery(raw.url!);
}

/** The size of the answer's body; undefined when it was streamed without a length. */
function bytesOf(reply: FastifyReply): number | undefined {
  const length = reply.getHeader('content-length');
  return length === undefined ? undefined : Number(length);
}

/**
 * Logs one line per request, with the route instead of the URL: URLs contain ids, and links contain signatures. Probes are logged
 * at debug level only.
 */
function logRequest({ root }: Log, request: FastifyRequest, reply: FastifyReply, route: string): void {
  const level = route.startsWith('/health/') || route === '/metrics' ? 'debug' : 'info';
  if (!root.isLevelEnabled(level)) return;
  const ctx = findContext(request);
  const fields = {
    ...(ctx ? aboutOf(ctx) : {}),
    request_id: request.id,
    method: request.method,
    route,
    status: reply.statusCode,
    bytes: bytesOf(reply),
    duration_ms: Math.round(reply.elapsedTime * 10) / 10,
  };
  root[level](fields, 'request');
}
