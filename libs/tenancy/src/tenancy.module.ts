import { Injectable, Module, type DynamicModule, type OnModuleInit } from '@nestjs/common';
import { configToken, runtimeConfig, type ConfigOf } from '#caas/platform/config';
import { HealthChecks, HealthModule } from '#caas/platform/health';
import { Log } from '#caas/platform/logging';
import { MetricsModule } from '#caas/platform/metrics';
import { TenantCatalog } from './catalog/tenant-catalog';
import type { TenantCollectionDefinition } from './catalog/tenant-collection';
import { MongoMetrics } from './firewall/mongo-metrics';
import { TenantConnections } from './connection/tenant-connections';
import { FirewallMetrics } from './connection/firewall-metrics';
import { RefusalLog } from './firewall/refusal-log';
import { TenantFirewall } from './firewall/tenant-firewall';
import { Placements } from './placements.service';
import { RequestContexts } from './request-contexts';
import { tenancyConfig } from './tenancy.config';
import { TENANCY_OPTIONS, type TenancyOptions } from './tenancy.options';

@Injectable()
class TenancyHealth implements OnModuleInit {
  constructor(
    private readonly connections: TenantConnections,
    private readonly health: HealthChecks,
  ) {}

  onModuleInit(): void {
    this.health.add('mongodb', () => this.connections.ping());
  }
}

/** Registers one domain's collections in the catalogue. */
@Module({})
class TenantCollectionsModule {}

/**
 * Each domain registers its collections with `forFeature`. The app binds `TenantDirectory`.
 */
@Module({
  imports: [HealthModule, MetricsModule],
  providers: [
    TenantCatalog,
    MongoMetrics,
    TenantConnections,
    RequestContexts,
    Placements,
    RefusalLog,
    TenancyHealth,
    FirewallMetrics,
    {
      provide: TENANCY_OPTIONS,
      inject: [configToken(runtimeConfig), configToken(tenancyConfig), RefusalLog, Log],
      useFactory: optionsFrom,
    },
  ],
  exports: [TenantCatalog, MongoMetrics, TenantConnections, RequestContexts, Placements, RefusalLog],
})
export class TenancyModule {
  /* eslint-disable-next-line @typescript-eslint/no-explicit-any -- collections of every document type */
  static forFeature(collections: readonly TenantCollectionDefinition<any>[]): DynamicModule {
    const token = Symbol(collections.map(({ name }) => name).join());
    return {
      module: TenantCollectionsModule,
      imports: [TenancyModule],
      providers: [
        {
          provide: token,
          inject: [TenantCatalog],
          useFactory: (catalog: TenantCatalog) => catalog.add(collections) ?? true,
        },
      ],
    };
  }
}

function optionsFrom(
  runtime: ConfigOf<typeof runtimeConfig>,
  tenancy: ConfigOf<typeof tenancyConfig>,
  refusals: RefusalLog,
  log: Log,
): TenancyOptions {
  const firewall = new TenantFirewall('tenants', (refusal) => refusals.add(refusal));
  firewall.enabled = tenancy.TENANT_FIREWALL || runtime.NODE_ENV === 'test';
  if (!firewall.enabled) log.root.warn('the tenant firewall is off; two layers remain');
  return {
    mongodbUri: runtime.MONGODB_URI,
    firewall,
    maxHandles: tenancy.TENANT_HANDLES,
    maxPoolSize: tenancy.MONGODB_POOL_SIZE,
  };
}
