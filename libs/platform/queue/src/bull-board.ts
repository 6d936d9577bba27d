import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { FastifyAdapter } from '@bull-board/fastify';
import type { INestApplication } from '@nestjs/common';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { PROBLEM_TYPE, toProblem } from '#caas/platform/http';
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

/** Bull Board at `/admin/queues`. A browser is asked for user `admin` and the platform key. */
export async function serveBullBoard(app: INestApplication, check: OperatorCheck): Promise<void> {
  const pages = new FastifyAdapter();
  pages.setBasePath(PATH);
  createBullBoard({
    queues: app
      .get(Queues)
      .all()
      .map((queue) => new BullMQAdapter(queue)),
    // The board's adapter brings its own copy of the api's types.
    serverAdapter: pages as never,
    options: { uiConfig: { boardTitle: 'CaaS' } },
  });
  const fastify = app.getHttpAdapter().getInstance() as FastifyInstance;
  await fastify.register(
    async (scope) => {
      scope.addHook('onRequest', (request, reply) => authorize(request, reply, check));
      await scope.register(pages.registerPlugin());
    },
    { prefix: PATH },
  );
}

async function authorize(request: FastifyRequest, reply: FastifyReply, check: OperatorCheck): Promise<void> {
  try {
    await check(request);
    void reply.header('content-security-policy', CONTENT_SECURITY_POLICY);
  } catch (error) {
    const problem = toProblem(error, request.id);
    if (problem.status === 401) void reply.header('www-authenticate', 'Basic realm="CaaS operators", charset="UTF-8"');
    if (problem.retry_after !== undefined) void reply.header('retry-after', String(problem.retry_after));
    await reply.status(problem.status).type(PROBLEM_TYPE).serializer(JSON.stringify).send(problem);
  }
}
