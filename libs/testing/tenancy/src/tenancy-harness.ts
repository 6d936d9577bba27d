import { randomBytes } from 'node:crypto';
import {
  parseTenantId,
  PLACEMENT_OF_TIER,
  RequestContext,
  type Placement,
  type Tenant,
  type TenantDocument,
  type Tier,
} from '#caas/kernel';
import { Placements, RequestContexts, TenantDirectory, TenantFirewall } from '#caas/tenancy';
import { TenantCatalog, TenantConnections, type Refusal, type TenantCollectionDefinition } from '#caas/tenancy/testing';

/** One tier for each placement: the suites that must hold on every placement run once per entry. */
export const TIER_OF_PLACEMENT: Readonly<Record<Placement, Tier>> = {
  shared: 'free',
  prefixed: 'pro',
  dedicated: 'enterprise',
};

export function aTenant(placement: Placement = 'shared'): Tenant {
  const tier = TIER_OF_PLACEMENT[placement];
  return {
    id: parseTenantId(`clnt_t${randomBytes(6).toString('hex')}`),
    tier,
    placement: PLACEMENT_OF_TIER[tier],
    status: 'active',
    databaseUri: null,
    quotas: {},
  };
}

class NoDirectory extends TenantDirectory {
  override find = () => Promise.resolve(null);
  override wasDeleted = () => Promise.resolve(false);
  override list = () => Promise.resolve([]);
}

/** The tenancy library on a real engine, without Nest: what the contract and isolation suites of tenancy work with. */
export class TenancyHarness {
  readonly refusals: Refusal[] = [];
  readonly firewall = new TenantFirewall('tenants', (refusal) => this.refusals.push(refusal));
  readonly catalog = new TenantCatalog();
  readonly connections: TenantConnections;
  readonly placements: Placements;
  private readonly contexts: RequestContexts;
  private readonly tenants: Tenant[] = [];

  /* eslint-disable-next-line @typescript-eslint/no-explicit-any -- collections of every document type */
  constructor(collections: TenantCollectionDefinition<any>[], options: { maxHandles?: number } = {}) {
    this.catalog.add(collections);
    this.connections = new TenantConnections({
      mongodbUri: engineUri(),
      firewall: this.firewall,
      maxHandles: options.maxHandles ?? 50,
      maxPoolSize: 10,
    });
    this.placements = new Placements(this.catalog, this.connections);
    this.contexts = new RequestContexts(this.connections, new NoDirectory());
  }

  async tenant(placement: Placement): Promise<Tenant> {
    const tenant = aTenant(placement);
    await this.connections.ready();
    await this.placements.provision(tenant);
    this.tenants.push(tenant);
    return tenant;
  }

  context(tenant: Tenant): RequestContext {
    return this.contexts.open(tenant, { kind: 'system', name: 'test' }, 'req_test');
  }

  /** The compiled model itself, which no domain can reach: to attack the layers below the repository. */
  model<D extends TenantDocument>(tenant: Tenant, collection: TenantCollectionDefinition<D>) {
    return this.connections.handleOf(tenant).model(tenant, collection);
  }

  async close(): Promise<void> {
    this.firewall.enabled = true;
    for (const tenant of this.tenants) await this.placements.drop(tenant);
    await this.connections.onApplicationShutdown();
  }
}

function engineUri(): string {
  const uri = process.env.MONGODB_URI;
  if (!uri) throw new Error('This suite needs an engine: run it with `npm test`, which starts one, or set MONGODB_URI');
  return uri;
}
