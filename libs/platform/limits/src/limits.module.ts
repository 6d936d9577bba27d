import { Global, Module } from '@nestjs/common';
import { RateLimits } from './rate-limits';
import { SharedCounter } from './shared-counter';

/** The app binds `RatePolicy`. */
@Global()
@Module({ providers: [RateLimits, SharedCounter], exports: [RateLimits] })
export class LimitsModule {}
