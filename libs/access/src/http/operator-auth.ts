import { Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { peerOf } from '#caas/platform/http';
import { PlatformKeys, type PlatformRole } from '../credentials/platform-key';
import { FailedAuthLimiter } from '../limits/failed-auth-limiter';

/** Authenticates operators over HTTP: at `/platform/v1`, and at pages that are no Nest routes. */
@Injectable()
export class OperatorAuth {
  constructor(
    private readonly keys: PlatformKeys,
    private readonly failedAuth: FailedAuthLimiter,
  ) {}

  /**
   * @throws CaasError 401 `platform_key_required`, `platform_key_invalid`; 403 `readonly_key` for a change; 429 `rate_limited`
   *   for a bad key from an address beyond its limit
   */
  authenticate(request: FastifyRequest): Promise<PlatformRole> {
    const presented = {
      credential: 'platform_key' as const,
      peer: peerOf(request),
      attempt: { requestId: request.id },
    };
    return this.failedAuth.verify(presented, () => this.keys.verify(request.headers.authorization, request.method));
  }
}
