export { chargeOf, RATE_CLASSES, RateLimited, type Charge, type RateClass } from './charge';
export { rateLimitFields } from './fields';
export { type Lease } from './lease';
export { limitsConfig } from './limits.config';
export { LimitsModule } from './limits.module';
export { perHour, windowOf, type Rate } from './rate';
export { RateLimits, subjectOf, type Subject, type Verdict } from './rate-limits';
export { RatePolicy, type ClassRates, type Rates } from './rate-policy';
