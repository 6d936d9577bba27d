import { Catch, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { CaasError } from '#caas/kernel';
import type { Log } from '#caas/platform/logging';
import { findContext } from './context-binding';
import { PROBLEM_TYPE, toProblem, type Problem } from './problem';
import type { RouteIndex } from './route-index';

/** Answers every error over HTTP. Server faults are logged with their cause; the client gets the request id. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(
    private readonly log: Log,
    private readonly routes: RouteIndex,
  ) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const request = host.switchToHttp().getRequest<FastifyRequest>();
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    const problem = this.withMethods(toProblem(error, request.id), request, reply);
    if (problem.status >= 500) this.report(error, problem, request);
    // The answer has begun and its stream failed. Closing the connection is the only way left to show that the answer is
    // incomplete.
    if (reply.raw.headersSent) return void reply.raw.destroy();
    if (error instanceof CaasError && error.retryAfterSeconds !== undefined) {
      void reply.header('retry-after', String(error.retryAfterSeconds));
    }
    if (problem.status === 401 && !reply.hasHeader('www-authenticate')) void reply.header('www-authenticate', 'Bearer');
    // Headers that the handler set for the answer that it did not send.
    for (const name of ['etag', 'content-length', 'content-encoding', 'content-disposition', 'cache-control']) {
      if (reply.hasHeader(name)) reply.removeHeader(name);
    }
    void reply.status(problem.status).type(PROBLEM_TYPE).serializer(JSON.stringify).send(problem);
  }

  /** An unknown path stays a 404; a known one with another method is a 405 that names the right ones (RFC 9110, 15.5.6). */
  private withMethods(problem: Problem, request: FastifyRequest, reply: FastifyReply): Problem {
    if (problem.code !== 'route_not_found') return problem;
    const methods = this.routes.methodsAt(request.url.split('?', 1)[0]!);
    if (methods.length === 0 || methods.includes(request.method)) return problem;
    void reply.header('allow', methods.join(', '));
    return toProblem({ statusCode: 405 }, request.id);
  }

  private report(error: unknown, problem: Problem, request: FastifyRequest): void {
    const ctx = findContext(request);
    const log = ctx ? this.log.of(ctx) : this.log.root;
    const fields = {
      err: error,
      request_id: request.id,
      method: request.method,
      route: request.routeOptions?.url,
      code: problem.code,
    };
    if (problem.status === 503) log.warn(fields, 'request not served');
    else log.error(fields, 'request failed');
  }
}
