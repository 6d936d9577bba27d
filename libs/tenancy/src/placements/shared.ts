import type { PlacementNaming } from './placement-naming';

/** free, starter: many tenants in the same collections, distinguished by `tenant_id`. */
export const shared: PlacementNaming = {
  database: () => 'caas_shared',
  collection: (_tenant, logicalName) => logicalName,
  handleKey: () => 'shared',
};
