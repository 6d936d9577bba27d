import { Module, type DynamicModule } from '@nestjs/common';
import { TenantCatalog } from './catalog/tenant-catalog';
import type { TenantCollectionDefinition } from './catalog/tenant-collection';
import { TenantConnections } from './connection/tenant-connections';
import { Placements } from './placements/placements.service';
import { RequestContexts } from './request-contexts';
import { TENANCY_OPTIONS, type TenancyOptions } from './tenancy.options';

/** Registers one domain's collections in the catalogue. */
@Module({})
class TenantCollectionsModule {}

/**
 * `forRoot` once per app, where the app also binds `TenantDirectory` (the control plane does, globally);
 * `forFeature` once per domain, with its collections.
 */
@Module({})
export class TenancyModule {
  static forRoot(options: {
    inject?: never[];
    useFactory: (...dependencies: never[]) => TenancyOptions;
  }): DynamicModule {
    return {
      module: TenancyModule,
      global: true,
      providers: [
        { provide: TENANCY_OPTIONS, inject: options.inject ?? [], useFactory: options.useFactory },
        TenantCatalog,
        TenantConnections,
        RequestContexts,
        Placements,
      ],
      exports: [TenantCatalog, TenantConnections, RequestContexts, Placements],
    };
  }

  /* eslint-disable-next-line @typescript-eslint/no-explicit-any -- collections of every document type */
  static forFeature(collections: readonly TenantCollectionDefinition<any>[]): DynamicModule {
    const token = Symbol(collections.map(({ name }) => name).join());
    return {
      module: TenantCollectionsModule,
      providers: [
        { provide: token, inject: [TenantCatalog], useFactory: (catalog: TenantCatalog) => catalog.add(collections) },
      ],
    };
  }
}
