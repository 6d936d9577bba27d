import type { INestApplication } from '@nestjs/common';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { forbidden } from '#caas/kernel';
import { isForeign, isOurFault, PROBLEM_TYPE, toProblem } from '#caas/platform/http';
import { Log } from '#caas/platform/logging';
import { Queues } from './queues';

const PATH = '/admin/queues';
/**
 * The board's pages have inline scripts. Resources that they would fetch from other hosts, such as fonts, are blocked; the pages
 * work without them.
 */
const CONTENT_SECURITY_POLICY = [
  "default-src 'self'",
  "script-src 'self' 'unsafe-inline'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "frame-ancestors 'none'",
  "base-uri 'self'",
  "form-action 'self'",
].join('; ');

/** Rejects with a CaasError unless the request may read (GET) or change (any other method) the queues. */
export type OperatorCheck = (request: FastifyRequest) => Promise<unknown>;

/** A change that an operator made on the board: `PUT queues/media/42/retry`. */
export interface BoardChange {
  request: FastifyRequest;
  method: string;
  /** The path below the board's own. */
  path: string;
}

/**
 * Bull Board at `/admin/queues`. A browser is asked for user `admin` and the platform key.
 * @param changed is called for each change that was made
 */
export function serveBullBoard(
  app: INestApplication,
  check: OperatorCheck,
  changed: (change: BoardChange) => void,
): void {
  const queues = app.get(Queues).all();
  const log = app.get(Log);
  const fastify = app.getHttpAdapter().getInstance() as FastifyInstance;
  // Not awaited: awaiting would start the server's plugins before its error handler is registered.
  void fastify.register(
    async (scope) => {
      scope.setErrorHandler((error, request, reply) => refuse(error, request, reply, log));
      scope.addHook('onRequest', (request, reply) => admit(request, reply, check));
      scope.addHook('onResponse', (request, reply, done) => {
        const isChange = !['GET', 'HEAD', 'OPTIONS'].includes(request.method) && reply.statusCode < 400;
        if (isChange) changed({ request, method: request.method, path: pathBelow(request.url) });
        done();
      });
      // Loaded only here, since workers and the command line do not need it.
      const { boardPages } = await import('./board-pages.js');
      await scope.register(boardPages(queues, PATH));
    },
    { prefix: PATH },
  );
}

const pathBelow = (url: string): string =>
  url
    .split('?', 1)[0]!
    .slice(PATH.length)
    .replace(/^\/(api\/)?/, '');

/** A page of another site must not use an operator's browser session, whatever origins tenants allow. */
async function admit(request: FastifyRequest, reply: FastifyReply, check: OperatorCheck): Promise<void> {
  const { origin, host } = request.headers;
  if (origin !== undefined && isForeign(origin, host)) {
    throw forbidden('origin_not_allowed', 'Web pages of another origin may not call here.');
  }
  await check(request);
  void reply.header('content-security-policy', CONTENT_SECURITY_POLICY);
}

function refuse(error: unknown, request: FastifyRequest, reply: FastifyReply, log: Log): void {
  const problem = toProblem(error, request.id);
  if (isOurFault(problem)) log.root.error({ err: error, request_id: request.id }, 'Bull Board failed');
  if (problem.status === 401) void reply.header('WWW-Authenticate', 'Basic realm="CaaS operators", charset="UTF-8"');
  if (problem.retry_after !== undefined) void reply.header('Retry-After', String(problem.retry_after));
  void reply.status(problem.status).type(PROBLEM_TYPE).serializer(JSON.stringify).send(problem);
}
