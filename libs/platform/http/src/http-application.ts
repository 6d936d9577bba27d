import type { Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { newRequestId } from '#caas/kernel';
import { configToken, type ConfigOf } from '#caas/platform/config';
import { Log, NestLog } from '#caas/platform/logging';
import { OriginCheck } from './cors';
import { addHooks } from './hooks';
import { HttpMetrics } from './http-metrics';
import { httpConfig } from './http.config';
import { acceptJsonOnly } from './input/json-body';
import { DtoPipe } from './input/read-dto';
import { PROBLEM_TYPE, toProblem } from './problem';
import { ProblemFilter } from './problem.filter';
import { QueryGuard } from './query';
import { answerOnSocket } from './raw-answer';
import { requestIdOf } from './request-id';
import { RouteIndex } from './route-index';
import { securityHeaders } from './security-headers';
import { ServerState } from './server-state';

/** An external id of 128 characters, each of them percent-encoded. */
const LONGEST_PATH_PARAMETER = 3 * 128;
/** For a whole upload; other bodies have `BODY_TIMEOUT`. */
const REQUEST_TIMEOUT_MS = 5 * 60_000;
/** From the first byte, or from the start of the connection. */
const HEADERS_TIMEOUT_MS = 10_000;
/** How often both timeouts are checked. */
const TIMEOUTS_CHECKED_EVERY_MS = 1_000;
/** The time without data in either direction; a slow client is not affected. */
const SILENCE_MS = 2 * 60_000;

/**
 * The Nest application of a process that serves HTTP, with everything that a request passes through. It does not listen yet: see
 * `serve`. The root module imports `ConfigModule` (with `httpConfig` and `loggingConfig`), `LoggingModule` and `HttpModule`. With
 * a provider of `AllowedOrigins`, web pages of other origins may call the api.
 */
export async function createHttpApplication(rootModule: Type | object): Promise<NestFastifyApplication> {
  // Set after Nest has read the configuration; first used by the first request.
  let trustedProxies = 0;
  const adapter = new FastifyAdapter({
    genReqId: requestIdOf,
    trustProxy: (_address: string, hop: number) => hop < trustedProxies,
    routerOptions: { maxParamLength: LONGEST_PATH_PARAMETER },
    requestTimeout: REQUEST_TIMEOUT_MS,
    connectionTimeout: SILENCE_MS,
    http: {
      headersTimeout: HEADERS_TIMEOUT_MS,
      connectionsCheckingInterval: TIMEOUTS_CHECKED_EVERY_MS,
      // A hook refuses such requests: Node would answer without a body.
      requireHostHeader: false,
    },
    forceCloseConnections: 'idle',
    return503OnClosing: false,
    frameworkErrors: answerUnroutable,
    clientErrorHandler: (error, socket) => answerUnreadable(error, socket),
  });
  const app = await NestFactory.create<NestFastifyApplication>(rootModule as Type, adapter, {
    bufferLogs: true,
    abortOnError: false,
    bodyParser: false,
  });
  const log = app.get(Log);
  app.useLogger(new NestLog(log));
  const config = app.get<ConfigOf<typeof httpConfig>>(configToken(httpConfig));
  trustedProxies = config.TRUSTED_PROXIES;

  const fastify = app.getHttpAdapter().getInstance() as unknown as FastifyInstance;
  fastify.server.on('checkExpectation', (request: IncomingMessage, response: ServerResponse) =>
    answerBare(response, 417, requestIdOf(request)),
  );
  acceptJsonOnly(fastify, config.BODY_TIMEOUT);
  addHooks(fastify, {
    log,
    metrics: app.get(HttpMetrics),
    state: app.get(ServerState),
    origins: app.get(OriginCheck),
    bodyLimitBytes: config.BODY_LIMIT_BYTES,
    logRequests: config.REQUEST_LOG,
  });
  app.useGlobalFilters(new ProblemFilter(log, new RouteIndex(fastify)));
  app.useGlobalGuards(new QueryGuard());
  app.useGlobalPipes(new DtoPipe());
  return app;
}

/** A URL that the router cannot parse reaches no hook. */
function answerUnroutable(error: Error, request: FastifyRequest, reply: FastifyReply): void {
  void reply.headers({ 'x-request-id': request.id, ...securityHeaders('') });
  const problem = toProblem(error, request.id);
  void reply.status(problem.status).type(PROBLEM_TYPE).serializer(JSON.stringify).send(problem);
}

/** Answers in place of Node, which would send no problem body. */
function answerBare(response: ServerResponse, statusCode: number, requestId: string): void {
  const problem = toProblem({ statusCode }, requestId);
  response.writeHead(statusCode, { 'content-type': PROBLEM_TYPE, 'x-request-id': requestId });
  response.end(JSON.stringify(problem));
}

const UNREADABLE: Record<string, number> = {
  ERR_HTTP_REQUEST_TIMEOUT: 408,
  HPE_HEADER_OVERFLOW: 431,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 413,
};

/** Input that is not HTTP never becomes a request, so the answer is written directly to the socket. */
function answerUnreadable(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
  answerOnSocket(socket, toProblem({ statusCode: UNREADABLE[error.code ?? ''] ?? 400 }, newRequestId()));
}
