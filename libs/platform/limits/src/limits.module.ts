import { Module } from '@nestjs/common';
import { MetricsModule } from '#caas/platform/metrics';
import { RedisModule } from '#caas/platform/redis';
import { RateLimits } from './rate-limits';
import { SharedCounter } from './shared-counter';

/** The app binds `RatePolicy`. */
@Module({ imports: [MetricsModule, RedisModule], providers: [RateLimits, SharedCounter], exports: [RateLimits] })
export class LimitsModule {}
