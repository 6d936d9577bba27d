export { type Charge, RateLimited, chargeOf } from './charge';
export { rateLimitFields } from './fields';
export type { RateBudget } from './rate-budget';
export { limitsConfig } from './limits.config';
export { LimitsModule } from './limits.module';
export { RateLimits, type Subject, subjectOf } from './rate-limits';
export { RatePolicy, type Rates } from './rate-policy';
export { type Rate, perHour, windowOf } from './rate';
