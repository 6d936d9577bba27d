import type { PlacementNaming } from './placement-naming';

/** enterprise: a database of its own, on the platform's cluster or, with a `database_uri`, on the tenant's. */
export const dedicated: PlacementNaming = {
  database: (tenant) => `caas_${tenant.id}`,
  collection: (_tenant, logicalName) => logicalName,
  handleKey: (tenant) => `dedicated:${tenant.id}:${tenant.databaseUri ?? ''}`,
};
