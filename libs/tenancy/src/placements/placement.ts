import type { Placement, Tenant } from '#caas/kernel';
import { dedicated } from './dedicated';
import type { PlacementNaming } from './placement-naming';
import { prefixed } from './prefixed';
import { shared } from './shared';

export const SHARED_DATABASE = 'caas_shared';

export const PLACEMENTS: Readonly<Record<Placement, PlacementNaming>> = { shared, prefixed, dedicated };

export const placementOf = (tenant: Tenant): PlacementNaming => PLACEMENTS[tenant.placement];
