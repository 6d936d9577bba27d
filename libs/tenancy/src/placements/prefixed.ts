import type { PlacementNaming } from './placement-naming';

/** pro: collections named after the tenant. A tenant id holds one underscore only, so no prefix begins another's. */
export const prefixed: PlacementNaming = {
  database: () => 'caas_shared',
  collection: (tenant, logicalName) => `${tenant.id}_${logicalName}`,
  handleKey: (tenant) => `prefixed:${tenant.id}`,
};
