import type { PlacementNaming } from './placement-naming';

/**
 * pro: collections named after the tenant. A tenant id contains only one underscore, so no tenant's prefix is the beginning of
 * another's.
 */
export const prefixed: PlacementNaming = {
  database: () => 'caas_shared',
  collection: (tenant, logicalName) => `${tenant.id}_${logicalName}`,
  handleKey: (tenant) => `prefixed:${tenant.id}`,
};
