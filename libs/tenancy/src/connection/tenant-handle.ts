import type { Connection, Model } from 'mongoose';
import type { Tenant, TenantDocument } from '#caas/kernel';
import type { TenantCollectionDefinition } from '../catalog/tenant-collection';
import { placementOf } from '../placements/placement';
import { DocumentFactory } from '../repository/document-factory';

/* eslint-disable @typescript-eslint/no-explicit-any -- a handle keeps models of every document type */
/** By schema, since a factory depends on nothing else. */
const factories = new WeakMap<object, DocumentFactory<any>>();

/**
 * The compiled models of one placement: all shared tenants use one handle, each prefixed or dedicated tenant has its own. A model
 * is compiled on first use, since mongoose needs about a millisecond for each.
 */
export class TenantHandle {
  private readonly models = new Map<string, Model<any>>();

  constructor(
    readonly connection: Connection,
    /** Called once the handle has left the cache and its last operation may be over. */
    private readonly dispose: (models: string[]) => void,
  ) {}

  model<D extends TenantDocument>(tenant: Tenant, collection: TenantCollectionDefinition<D>): Model<D> {
    const name = placementOf(tenant).collection(tenant, collection.name);
    const known = this.models.get(name);
    if (known) return known as Model<D>;
    const model = (this.connection.models[name] ?? this.connection.model(name, collection.schema, name)) as Model<any>;
    this.models.set(name, model);
    return model as Model<D>;
  }

  retire(): void {
    this.dispose([...this.models.keys()]);
    this.models.clear();
  }
}

/** Cached per schema instead of per handle: the result is the same for every tenant. */
export function documentFactoryOf<D extends TenantDocument>(
  collection: TenantCollectionDefinition<D>,
): DocumentFactory<D> {
  let factory = factories.get(collection.schema);
  if (!factory) {
    factory = new DocumentFactory<any>(collection.schema);
    factories.set(collection.schema, factory);
  }
  return factory as DocumentFactory<D>;
}
