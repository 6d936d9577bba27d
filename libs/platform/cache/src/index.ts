import { Global, Module } from '@nestjs/common';
import { Invalidations } from './invalidations';

export { BatchedLookup } from './batched-lookup';
export { FreshCache, MAX_STALE_MS } from './fresh-cache';
export { Invalidations, type Invalidation, type InvalidationKind, type TellInvalidation } from './invalidations';
export { TenantLookup } from './tenant-lookup';

@Global()
@Module({ providers: [Invalidations], exports: [Invalidations] })
export class CacheModule {}
