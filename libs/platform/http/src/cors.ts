import { Inject, Injectable, Optional } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { forbidden } from '#caas/kernel';

/**
 * Decides which web pages of other origins may call. Allowed origins are a setting of each tenant, so the library of tenants
 * implements this; without an implementation, no other origin may call. Socket handshakes use it too.
 */
export abstract class AllowedOrigins {
  /**
   * Called before the credentials are checked. A preflight (`OPTIONS`) carries none: return whether any tenant could allow the
   * origin. The request that follows is checked again.
   */
  abstract isAllowed(origin: string, request: FastifyRequest): Promise<boolean>;
}

/** Asks `AllowedOrigins` when a (global) module provides it. */
@Injectable()
export class OriginCheck {
  constructor(@Optional() @Inject(AllowedOrigins) private readonly allowed: AllowedOrigins | null) {}

  async isAllowed(origin: string, request: FastifyRequest): Promise<boolean> {
    return this.allowed ? this.allowed.isAllowed(origin, request) : false;
  }
}

const ALLOWED_METHODS = 'GET, HEAD, POST, PUT, PATCH, DELETE';
const ALLOWED_HEADERS = [
  'Authorization',
  'Content-Type',
  'Idempotency-Key',
  'If-Match',
  'If-None-Match',
  'Range',
  'X-Acting-User',
  'X-Request-Id',
  // Resumable upload (tus 1.0)
  'Tus-Resumable',
  'Upload-Checksum',
  'Upload-Concat',
  'Upload-Defer-Length',
  'Upload-Length',
  'Upload-Metadata',
  'Upload-Offset',
  'X-HTTP-Method-Override',
].join(', ');
const EXPOSED_HEADERS = [
  'Accept-Ranges',
  'Content-Disposition',
  'Content-Range',
  'ETag',
  'Idempotency-Replayed',
  'Location',
  'RateLimit',
  'RateLimit-Policy',
  'Retry-After',
  'X-Request-Id',
  'Tus-Checksum-Algorithm',
  'Tus-Extension',
  'Tus-Max-Size',
  'Tus-Resumable',
  'Tus-Version',
  'Upload-Expires',
  'Upload-Length',
  'Upload-Metadata',
  'Upload-Offset',
].join(', ');
const PREFLIGHT_MAX_AGE_SECONDS = '600';

/** The request comes from a page of another origin than the one it goes to. Behind a proxy the scheme may differ, so only hosts count. */
export function isForeign(origin: string, host: string | undefined): boolean {
  const separator = origin.indexOf('://');
  return separator === -1 || host === undefined || origin.slice(separator + 3).toLowerCase() !== host.toLowerCase();
}

/**
 * Answers a preflight, marks the answer as readable by the origin, or refuses. No credentials flag: CaaS has no cookies.
 * @returns true when the request was a preflight and has been answered
 * @throws CaasError `origin_not_allowed` (403)
 */
export async function applyCors(
  origins: OriginCheck,
  origin: string,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<boolean> {
  void reply.header('vary', 'Origin');
  if (!(await origins.isAllowed(origin, request))) {
    throw forbidden('origin_not_allowed', 'Web pages of this origin may not call here.');
  }
  void reply.header('access-control-allow-origin', origin);
  void reply.header('access-control-expose-headers', EXPOSED_HEADERS);
  if (request.method !== 'OPTIONS' || request.headers['access-control-request-method'] === undefined) return false;
  void reply.headers({
    'access-control-allow-methods': ALLOWED_METHODS,
    'access-control-allow-headers': ALLOWED_HEADERS,
    'access-control-max-age': PREFLIGHT_MAX_AGE_SECONDS,
  });
  void reply.code(204).send();
  return true;
}
