import { Injectable } from '@nestjs/common';
import { CaasError, forbidden, RequestContext, type Actor, type Tenant, type TenantId } from '#caas/kernel';
import { ScopedConnection } from './connection/scoped-connection';
import { TenantConnections } from './connection/tenant-connections';
import { TenantDirectory } from './tenant-directory';

/** Creates the context of a request, a socket message or a job. The only place where a tenant's connection is opened. */
@Injectable()
export class RequestContexts {
  constructor(
    private readonly connections: TenantConnections,
    private readonly directory: TenantDirectory,
  ) {}

  open(tenant: Tenant, actor: Actor, requestId: string): RequestContext {
    return new RequestContext(tenant, actor, requestId, new ScopedConnection(tenant, this.connections));
  }

  /** @throws CaasError `tenant_not_found` (404), `tenant_suspended` (403) */
  async openFor(tenantId: TenantId, actor: Actor, requestId: string): Promise<RequestContext> {
    const tenant = await this.directory.find(tenantId);
    if (!tenant) throw new CaasError('not_found', 'tenant_not_found', 'No such tenant.');
    if (tenant.status === 'suspended' && actor.kind !== 'system') {
      throw forbidden('tenant_suspended', 'This tenant is suspended.');
    }
    return this.open(tenant, actor, requestId);
  }
}
