import { Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { CaasError, isTenantId, type RequestContext, type TenantId } from '#caas/kernel';
import { UnverifiedTenant } from '#caas/access';
import type { AllowedOrigins } from '#caas/platform/http';
import type { SocketOrigins } from '#caas/platform/realtime';
import { RequestContexts } from '#caas/tenancy';
import { Settings } from '../settings';
import { isOrigin, originsSettings } from '../origins/origins.settings';

/**
 * CORS for the origins that tenants have listed. A preflight carries no credential, so its tenant is unknown: every well-formed origin
 * gets a 204. That reveals nothing, because there are no cookies. The following request is refused unless the tenant of its credential
 * lists the origin.
 */
@Injectable()
export class TenantOrigins implements AllowedOrigins, SocketOrigins {
  constructor(
    private readonly claims: UnverifiedTenant,
    private readonly contexts: RequestContexts,
    private readonly settings: Settings,
  ) {}

  async isAllowed(origin: string, request: FastifyRequest): Promise<boolean> {
    if (!isOrigin(origin)) return false;
    if (isPreflight(request)) return true;
    const tenantId = await this.tenantOf(request);
    const ctx = tenantId && (await this.contextOf(tenantId, request.id));
    return ctx !== null && this.isListed(ctx, origin);
  }

  async isListed(ctx: RequestContext, origin: string): Promise<boolean> {
    return (await this.settings.of(ctx, originsSettings)).allowed.includes(origin);
  }

  /** Signed links name their tenant in the query and carry no other credential. */
  private async tenantOf({ headers, query }: FastifyRequest): Promise<TenantId | null> {
    if (headers.authorization !== undefined) return this.claims.of(headers.authorization);
    const { tenant } = query as { tenant?: unknown };
    return isTenantId(tenant) ? tenant : null;
  }

  private async contextOf(tenantId: TenantId, requestId: string): Promise<RequestContext | null> {
    try {
      return await this.contexts.openFor(tenantId, { kind: 'system', name: 'origins' }, requestId);
    } catch (error) {
      if (error instanceof CaasError && error.kind === 'not_found') return null;
      throw error;
    }
  }
}

const isPreflight = ({ method, headers }: FastifyRequest): boolean =>
  method === 'OPTIONS' && headers['access-control-request-method'] !== undefined;
