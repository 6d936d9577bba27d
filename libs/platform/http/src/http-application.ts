import helmet from '@fastify/helmet';
import type { Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { IncomingMessage } from 'node:http';
import { newRequestId } from '#caas/kernel';
import { configToken, type ConfigOf } from '#caas/platform/config';
import { Log, NestLog } from '#caas/platform/logging';
import { findContext } from './context-binding';
import { httpConfig } from './http.config';
import { HttpMetrics } from './http-metrics';
import { ProblemFilter } from './problem.filter';
import { QueryGuard } from './query';
import { validationPipe } from './validation';
import { versionOf } from './versions';

const CLIENT_REQUEST_ID = /^[A-Za-z0-9_-]{1,64}$/;
/** Must be known before Nest has read the configuration; the module's value is checked against it below. */
const HARD_BODY_LIMIT_BYTES = 2 ** 26;

/** The Nest application of a process that serves HTTP, with everything a request of ours passes through. Not yet listening. */
export async function createHttpApplication(rootModule: Type | object): Promise<NestFastifyApplication> {
  const adapter = new FastifyAdapter({
    bodyLimit: HARD_BODY_LIMIT_BYTES,
    genReqId: (request: IncomingMessage) => requestIdOf(request),
    onProtoPoisoning: 'error',
    onConstructorPoisoning: 'error',
    routerOptions: { maxParamLength: 512, ignoreTrailingSlash: false },
    forceCloseConnections: 'idle',
    trustProxy: false,
  });
  const app = await NestFactory.create<NestFastifyApplication>(rootModule as Type, adapter, {
    bufferLogs: true,
    abortOnError: false,
    bodyParser: true,
  });
  const log = app.get(Log);
  const config = app.get<ConfigOf<typeof httpConfig>>(configToken(httpConfig));
  app.useLogger(new NestLog(log));
  app.useGlobalFilters(new ProblemFilter(log));
  app.useGlobalGuards(new QueryGuard());
  app.useGlobalPipes(validationPipe());
  await app.register(helmet, { contentSecurityPolicy: false });
  addHooks(
    app.getHttpAdapter().getInstance() as unknown as FastifyInstance,
    log,
    app.get(HttpMetrics),
    config.BODY_LIMIT_BYTES,
  );
  app.enableShutdownHooks();
  return app;
}

function addHooks(fastify: FastifyInstance, log: Log, metrics: HttpMetrics, bodyLimitBytes: number): void {
  fastify.addHook('onRequest', (request, reply, done) => {
    reply.header('X-Request-Id', request.id);
    const declared = Number(request.headers['content-length'] ?? 0);
    if (declared > bodyLimitBytes && request.headers['content-type']?.startsWith('application/json')) {
      return done(Object.assign(new Error('too large'), { statusCode: 413 }));
    }
    done();
  });
  fastify.addHook('preSerialization', (_request, reply, payload, done) => {
    const version = versionOf(payload);
    if (version !== undefined) reply.header('ETag', `"${version}"`);
    done(null, payload);
  });
  fastify.addHook('onResponse', (request, reply, done) => {
    const route = request.routeOptions.url ?? 'unknown';
    metrics.observe(request.method, route, reply.statusCode, reply.elapsedTime);
    if (log.root.isLevelEnabled('info')) logRequest(log, request, reply.statusCode, reply.elapsedTime, route);
    done();
  });
}

/** One line per request, by its route and not its URL: URLs hold ids, and links hold signatures. */
function logRequest(log: Log, request: FastifyRequest, status: number, elapsedMs: number, route: string): void {
  const ctx = findContext(request);
  log.root.info(
    {
      tenant_id: ctx?.tenantId,
      request_id: request.id,
      method: request.method,
      route,
      status,
      duration_ms: Math.round(elapsedMs * 10) / 10,
    },
    'request',
  );
}

function requestIdOf(request: IncomingMessage): string {
  const given = request.headers['x-request-id'];
  return typeof given === 'string' && CLIENT_REQUEST_ID.test(given) ? given : newRequestId();
}
