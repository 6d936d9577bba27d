import { Module } from '@nestjs/common';
import { RedisModule } from '#caas/platform/redis';
import { Invalidations } from './invalidations';

@Module({ imports: [RedisModule], providers: [Invalidations], exports: [Invalidations] })
export class CacheModule {}
