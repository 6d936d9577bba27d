import { applyDecorators, createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { ApiHeader } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { invalid, stale } from '#caas/kernel';

const VERSION = Symbol('version');
/** An ETag that is none of ours belongs to no version. */
const NO_VERSION = -1;

/** A body whose version leaves as `ETag: "<version>"` and not as a field. */
export function versioned<T extends object>(body: T, version: number): T {
  Object.defineProperty(body, VERSION, { value: version });
  return body;
}

export function versionOf(body: unknown): number | undefined {
  return typeof body === 'object' && body !== null ? (body as { [VERSION]?: number })[VERSION] : undefined;
}

/**
 * Reads `If-Match` (RFC 9110, 13.1.1). `*` asks only that the resource exists, which the handler finds out anyway. A weak tag counts
 * like a strong one: versions are of the resource and not of its bytes, and a proxy that compresses makes tags weak.
 * @returns the version asked for; null when there is none; -1, which no resource has, for another service's tag
 * @throws CaasError `invalid_if_match` (400) for anything but one tag
 */
export function parseIfMatch(header: string | undefined): number | null {
  if (header === undefined || header.trim() === '*') return null;
  const tag = /^\s*(?:W\/)?"([\x21\x23-\x7e\x80-\xff]*)"\s*$/.exec(header)?.[1];
  if (tag === undefined) {
    throw invalid('invalid_if_match', 'If-Match must be one ETag that this service handed out, or *.', [
      { field: 'If-Match', message: 'must be an ETag such as "3"' },
    ]);
  }
  return /^\d{1,15}$/.test(tag) ? Number(tag) : NO_VERSION;
}

const ifMatchOf = createParamDecorator((_data: unknown, host: ExecutionContext): number | null =>
  parseIfMatch(host.switchToHttp().getRequest<FastifyRequest>().headers['if-match']),
);

/** The version that `If-Match` asks for; null when there is none, or `*`. */
export const IfMatch = (): ParameterDecorator => (target, property, index) => {
  ifMatchOf()(target, property, index);
  const documented = applyDecorators(
    ApiHeader({ name: 'If-Match', required: false, description: 'the ETag last seen; 412 when it is stale' }),
  );
  const value = (target as Record<string | symbol, object>)[property!];
  documented(target, property!, { value } as TypedPropertyDescriptor<unknown>);
};

/** @throws CaasError `stale_version` (412) when the client saw another version */
export function requireVersion(expected: number | null, actual: number): void {
  if (expected !== null && expected !== actual) throw stale('Somebody changed this since you read it. Read it again.');
}
