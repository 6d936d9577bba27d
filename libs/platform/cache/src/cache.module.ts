import { Global, Module } from '@nestjs/common';
import { RedisModule } from '#caas/platform/redis';
import { Invalidations } from './invalidations';

@Global()
@Module({ imports: [RedisModule], providers: [Invalidations], exports: [Invalidations] })
export class CacheModule {}
