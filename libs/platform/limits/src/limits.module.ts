import { Global, Module } from '@nestjs/common';
import { RateLimits } from './rate-limits';
import { SharedCounter } from './shared-counter';

/** Needs `RatePolicy` (settings) from somewhere, globally. */
@Global()
@Module({ providers: [RateLimits, SharedCounter], exports: [RateLimits] })
export class LimitsModule {}
