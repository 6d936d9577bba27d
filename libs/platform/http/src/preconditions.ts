import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { ApiHeader } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { Preconditions } from '#caas/kernel';
import { routeOption, routeOptionsOf } from './route-config';

/** Methods that change one existing resource. A `POST` creates another. */
export const WRITES: ReadonlySet<string> = new Set(['PUT', 'PATCH', 'DELETE']);

/** The conditions of a request. @throws CaasError `invalid_if_match`, `invalid_if_none_match` (400) */
export function preconditionsOf({ headers }: FastifyRequest): Preconditions {
  return Preconditions.of(headers['if-match'], headers['if-none-match']);
}

const ofRequest = createParamDecorator((_data: unknown, host: ExecutionContext): Preconditions =>
  preconditionsOf(host.switchToHttp().getRequest<FastifyRequest>()),
);

/**
 * Passes the conditions of a write to a handler: `change(@Conditional() preconditions: Preconditions)`. The code that writes
 * calls `preconditions.require` with the version that it replaces.
 */
export const Conditional = (): ParameterDecorator => (target, property, index) => {
  ofRequest()(target, property, index);
  const handler = { value: (target as Record<string | symbol, object>)[property!] } as TypedPropertyDescriptor<unknown>;
  routeOption({ isConditional: true })(target, property!, handler);
  for (const [name, description] of HEADERS) {
    ApiHeader({ name, description, required: false })(target, property!, handler);
  }
};

const HEADERS = [
  ['If-Match', 'the ETag last seen, several, or *; 412 when it is none of them, and nothing is changed'],
  ['If-None-Match', '*: 412 when there is one already, and nothing is changed'],
] as const;

/**
 * For the guard of all routes, after authentication. It refuses a write with conditions that could fail when the route takes
 * none: ignoring them would let a client overwrite changes that it wanted to keep.
 * @throws CaasError `stale_version`, `already_exists` (412), `invalid_if_match`, `invalid_if_none_match` (400)
 */
export function refuseUntakenConditions(request: FastifyRequest): void {
  const { method, headers } = request;
  if (headers['if-match'] === undefined && headers['if-none-match'] === undefined) return;
  if (WRITES.has(method) && !routeOptionsOf(request).isConditional) preconditionsOf(request).requireUnknown();
}
