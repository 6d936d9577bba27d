export { UserCounter } from './counting/user-counter';
export { MessageQuota } from './messages/message-quota';
export { FOR_GOOD, monthOf } from './period';
export { QuotaWarnings } from './quotas/quota-warnings';
export { limitOf, quotaExceeded } from './quotas/quotas';
export { type UsageMeter, UsageMeters } from './usage-meters';
export { UsageApiModule, UsageModule } from './usage.module';
export { UsageService } from './usage.service';
export { UsageVerifier } from './verify/usage-verifier';
