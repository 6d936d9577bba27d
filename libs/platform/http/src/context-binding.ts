import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { CaasError, type RequestContext } from '#caas/kernel';

const CONTEXT = Symbol('RequestContext');
type Bound = FastifyRequest & { [CONTEXT]?: RequestContext };

/** The guard of `libs/access` binds the context it made from the credentials. */
export function bindContext(request: FastifyRequest, ctx: RequestContext): void {
  (request as Bound)[CONTEXT] = ctx;
}

export function findContext(request: FastifyRequest): RequestContext | null {
  return (request as Bound)[CONTEXT] ?? null;
}

/** @throws CaasError internal when no guard made a context: an unguarded route cannot reach tenant data */
export function contextOf(request: FastifyRequest): RequestContext {
  const ctx = findContext(request);
  if (!ctx) throw new CaasError('internal', 'no_context', 'This route has no request context.');
  return ctx;
}

/** The request's context, as a controller's first parameter. */
export const Ctx = createParamDecorator((_data: unknown, host: ExecutionContext) =>
  contextOf(host.switchToHttp().getRequest<FastifyRequest>()),
);
