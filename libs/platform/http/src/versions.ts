import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { invalid, stale } from '#caas/kernel';

const VERSION = Symbol('version');

/** A body whose version leaves as `ETag: "<version>"` and not as a field. */
export function versioned<T extends object>(body: T, version: number): T {
  Object.defineProperty(body, VERSION, { value: version });
  return body;
}

export function versionOf(body: unknown): number | undefined {
  return typeof body === 'object' && body !== null ? (body as { [VERSION]?: number })[VERSION] : undefined;
}

/** The version that `If-Match` asks for; null when there is none, or `*`. */
export const IfMatch = createParamDecorator((_data: unknown, host: ExecutionContext): number | null => {
  const header = host.switchToHttp().getRequest<FastifyRequest>().headers['if-match'];
  if (header === undefined || header === '*') return null;
  const version = /^(?:W\/)?"(\d{1,15})"$/.exec(header)?.[1];
  if (version !== undefined) return Number(version);
  throw invalid('invalid_if_match', 'If-Match must be an ETag that this service handed out.', [
    { field: 'If-Match', message: 'must be an ETag such as "3"' },
  ]);
});

/** @throws CaasError `stale_version` (412) when the client saw another version */
export function requireVersion(expected: number | null, actual: number): void {
  if (expected !== null && expected !== actual) throw stale('Somebody changed this since you read it. Read it again.');
}
