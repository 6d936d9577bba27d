import type { Actor, UserActor, UserReference } from './actor';
import { CaasError, forbidden, invalid } from './errors';
import type { TenantId } from './ids';
import type { Tenant } from './tenant';
import type { TenantCollection, TenantConnection, TenantDocument, TenantRepository } from './tenant-connection';

/**
 * The tenant, the actor, and the connection to the tenant's data: the first argument of every service method, repository and
 * emit. It is made once per request, socket message or job, and always passed explicitly: code without a context cannot reach
 * tenant data.
 */
export class RequestContext {
  constructor(
    readonly tenant: Tenant,
    readonly actor: Actor,
    readonly requestId: string,
    readonly connection: TenantConnection,
  ) {
    if (connection.tenantId !== tenant.id) {
      throw new CaasError('internal', 'tenant_mismatch', 'A context and its connection must be of one tenant.');
    }
  }

  get tenantId(): TenantId {
    return this.tenant.id;
  }

  /** @throws CaasError `acting_user_required` (400) when a server key did not name the user it acts for */
  get user(): UserReference {
    return this.userActor.user;
  }

  /** @throws CaasError `acting_user_required` (400) */
  get userActor(): UserActor {
    if (this.actor.kind === 'user') return this.actor;
    throw invalid('acting_user_required', 'This call needs a user: send X-Acting-User with the server key.');
  }

  /** True for the tenant's own server, also while it acts as a user. */
  get isServer(): boolean {
    return this.actor.kind === 'server' || (this.actor.kind === 'user' && this.actor.via === 'server_key');
  }

  /** @throws CaasError `server_key_required` (403) */
  requireServer(): void {
    if (!this.isServer) throw forbidden('server_key_required', "Only the tenant's server key may do this.");
  }

  repository<D extends TenantDocument>(collection: TenantCollection<D>): TenantRepository<D> {
    return this.connection.repository(collection);
  }

  /** Runs `work` with a context whose reads and writes are all part of one transaction. `work` may run more than once. */
  transaction<T>(work: (ctx: RequestContext) => Promise<T>): Promise<T> {
    return this.connection.transaction((connection) =>
      work(new RequestContext(this.tenant, this.actor, this.requestId, connection)),
    );
  }

  /** The same actor inside the transaction of `other`, which belongs to the same tenant. */
  within(other: RequestContext): RequestContext {
    return new RequestContext(this.tenant, this.actor, this.requestId, other.connection);
  }

  afterCommit(effect: () => void): void {
    this.connection.afterCommit(effect);
  }
}
