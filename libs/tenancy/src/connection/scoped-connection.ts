import type { ClientSession } from 'mongoose';
import type {
  Placement,
  Tenant,
  TenantCollection,
  TenantConnection,
  TenantDocument,
  TenantId,
  TenantRepository,
} from '#caas/kernel';
import type { TenantCollectionDefinition } from '../catalog/tenant-collection';
import { placementOf } from '../placements/placement';
import { ScopedRepository } from '../repository/scoped-repository';
import type { TenantConnections } from './tenant-connections';
import { documentFactoryOf } from './tenant-handle';

type Effect = () => void;

/**
 * The connection to one tenant's data for one request. It is cheap to make (no I/O, nothing compiled) and is not cached. It looks
 * up the handle at each use: if the cache has dropped the handle during a long request, the next use gets a new one.
 */
export class ScopedConnection implements TenantConnection {
  constructor(
    private readonly tenant: Tenant,
    private readonly connections: TenantConnections,
    private readonly running?: { session: ClientSession; effects: Effect[] },
  ) {}

  get tenantId(): TenantId {
    return this.tenant.id;
  }

  get placement(): Placement {
    return this.tenant.placement;
  }

  get inTransaction(): boolean {
    return this.running !== undefined;
  }

  repository<D extends TenantDocument>(collection: TenantCollection<D>): TenantRepository<D> {
    const definition = collection as TenantCollectionDefinition<D>;
    return new ScopedRepository<D>({
      tenantId: this.tenant.id,
      collection: collection.name,
      model: this.connections.handleOf(this.tenant).model(this.tenant, definition),
      factory: documentFactoryOf(definition),
      session: this.running?.session,
      physicalName: (logicalName) => placementOf(this.tenant).collection(this.tenant, logicalName),
    });
  }

  async transaction<T>(work: (connection: TenantConnection) => Promise<T>): Promise<T> {
    if (this.running) return work(this);
    const session = await this.connections.handleOf(this.tenant).connection.startSession();
    try {
      let effects: Effect[] = [];
      const result = await session.withTransaction(async () => {
        effects = [];
        return work(new ScopedConnection(this.tenant, this.connections, { session, effects }));
      });
      for (const effect of effects) effect();
      return result;
    } finally {
      await session.endSession();
    }
  }

  afterCommit(effect: Effect): void {
    if (this.running) this.running.effects.push(effect);
    else effect();
  }
}
