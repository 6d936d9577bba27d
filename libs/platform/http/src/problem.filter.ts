import { Catch, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { CaasError } from '#caas/kernel';
import type { Log } from '#caas/platform/logging';
import { findContext } from './context-binding';
import { isOurFault, toProblem } from './problem';

/** The one way an error leaves over HTTP. What is our fault is logged with its cause; the client gets the request id. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(private readonly log: Log) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const request = host.switchToHttp().getRequest<FastifyRequest>();
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    const problem = toProblem(error, request.id);
    if (isOurFault(problem)) {
      const ctx = findContext(request);
      const log = ctx ? this.log.of(ctx) : this.log.root;
      log.error({ err: error, request_id: request.id, route: request.routeOptions?.url }, 'request failed');
    }
    if (error instanceof CaasError && error.retryAfterSeconds !== undefined) {
      void reply.header('Retry-After', String(error.retryAfterSeconds));
    }
    if (problem.status === 401) void reply.header('WWW-Authenticate', 'Bearer');
    void reply.status(problem.status).type('application/problem+json').send(problem);
  }
}
