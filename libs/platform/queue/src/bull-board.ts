import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { FastifyAdapter } from '@bull-board/fastify';
import type { INestApplication } from '@nestjs/common';
import type { Queue } from 'bullmq';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { forbidden } from '#caas/kernel';
import { isForeign, isOurFault, PROBLEM_TYPE, toProblem } from '#caas/platform/http';
import { Log } from '#caas/platform/logging';
import { Queues } from './queues';

const PATH = '/admin/queues';
/** The board's pages begin with scripts that stand in the page; what they would fetch from other hosts, such as fonts, they do without. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'self'",
  "script-src 'self' 'unsafe-inline'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "frame-ancestors 'none'",
  "base-uri 'self'",
  "form-action 'self'",
].join('; ');

/** Rejects with a CaasError unless the request may look (GET), or change things (anything else). */
export type OperatorCheck = (request: FastifyRequest) => Promise<unknown>;

/** What an operator has changed by the board: `PUT queues/media/42/retry`. */
export interface BoardChange {
  request: FastifyRequest;
  method: string;
  /** Below the board. */
  path: string;
}

/**
 * Bull Board at `/admin/queues`. A browser is asked for user `admin` and the platform key.
 * @param changed told of each change that was made
 */
export function serveBullBoard(
  app: INestApplication,
  check: OperatorCheck,
  changed: (change: BoardChange) => void,
): void {
  const pages = new FastifyAdapter();
  pages.setBasePath(PATH);
  createBullBoard({
    queues: app.get(Queues).all().map(adapterOf),
    // The board's adapter brings its own copy of the api's types.
    serverAdapter: pages as never,
    options: { uiConfig: { boardTitle: 'CaaS' } },
  });
  // The board takes every error for its own. Thrown on, it comes to the scope around the board.
  pages.setErrorHandler((error) => {
    throw error;
  });
  const log = app.get(Log);
  const fastify = app.getHttpAdapter().getInstance() as FastifyInstance;
  // Not awaited: that would start the server's plugins before its handler of errors is there.
  void fastify.register(
    async (scope) => {
      scope.setErrorHandler((error, request, reply) => refuse(error, request, reply, log));
      scope.addHook('onRequest', (request, reply) => admit(request, reply, check));
      scope.addHook('onResponse', (request, reply, done) => {
        const isChange = !['GET', 'HEAD', 'OPTIONS'].includes(request.method) && reply.statusCode < 400;
        if (isChange) changed({ request, method: request.method, path: pathBelow(request.url) });
        done();
      });
      await scope.register(pages.registerPlugin());
    },
    { prefix: PATH },
  );
}

/** With each job's tenant beside its name: of a thousand jobs of one name the tenant is what tells them apart. */
function adapterOf(queue: Queue): BullMQAdapter {
  const adapter = new BullMQAdapter(queue);
  adapter.setFormatter('name', ({ name, data }: { name: string; data?: { tenant_id?: unknown } }) =>
    typeof data?.tenant_id === 'string' ? `${name} · ${data.tenant_id}` : name,
  );
  return adapter;
}

const pathBelow = (url: string): string =>
  url
    .split('?', 1)[0]!
    .slice(PATH.length)
    .replace(/^\/(api\/)?/, '');

/** A page of another site must not use an operator's browser, whatever origins tenants have listed. */
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
