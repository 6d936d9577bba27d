import { Module, type OnModuleInit } from '@nestjs/common';
import { SettingsModule, SettingsRegistry } from '#caas/domain/settings';
import { ClockModule } from '#caas/platform/clock';
import { RedisModule } from '#caas/platform/redis';
import { TenancyModule } from '#caas/tenancy';
import { ConnectionCounts } from './connections/connection-counts';
import { ConnectionQuota } from './connections/connection-quota';
import { CounterRepository } from './counting/counter-repository';
import { UserCounter } from './counting/user-counter';
import { MessageQuota } from './messages/message-quota';
import { SentTotals } from './messages/sent-totals';
import { TenantUsageController } from './http/tenant-usage.controller';
import { UsageController } from './http/usage.controller';
import { USAGE_COLLECTIONS } from './persistence';
import { QuotaWarnings } from './quotas/quota-warnings';
import { UsageMeters } from './usage-meters';
import { UsageService } from './usage.service';
import { usageSettings } from './usage.settings';
import { UsageVerifier } from './verify/usage-verifier';

const PUBLIC = [ConnectionCounts, MessageQuota, QuotaWarnings, UserCounter, UsageMeters, UsageService, UsageVerifier];

/** Usage and quotas of tenants, for every process. */
@Module({
  imports: [ClockModule, RedisModule, SettingsModule, TenancyModule, TenancyModule.forFeature(USAGE_COLLECTIONS)],
  providers: [...PUBLIC, CounterRepository, SentTotals],
  exports: PUBLIC,
})
export class UsageModule implements OnModuleInit {
  constructor(private readonly settings: SettingsRegistry) {}

  onModuleInit(): void {
    this.settings.register(usageSettings);
  }
}

/** The limit on sockets, for processes that clients connect to. Implements a port of realtime; the app binds it. */
@Module({
  imports: [SettingsModule, TenancyModule, UsageModule],
  providers: [ConnectionQuota],
  exports: [ConnectionQuota],
  controllers: [UsageController, TenantUsageController],
})
export class UsageApiModule {}
