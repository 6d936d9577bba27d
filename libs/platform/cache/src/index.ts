export { BatchedLookup } from './batched-lookup';
export { CacheModule } from './cache.module';
export { FreshCache, MAX_STALE_MS } from './fresh-cache';
export { type Invalidation, Invalidations } from './invalidations';
export { TenantLookup } from './tenant-lookup';
