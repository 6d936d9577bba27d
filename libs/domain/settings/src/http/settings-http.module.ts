import { Module } from '@nestjs/common';
import { AccessModule, AuditEventsModule } from '#caas/access';
import { TenancyModule } from '#caas/tenancy';
import { GrantsService } from '../grants.service';
import { TenantRates } from '../limits/tenant-rates';
import { SettingsModule } from '../settings.module';
import { SettingsService } from '../settings.service';
import { GrantsController } from './grants.controller';
import { SettingsController } from './settings.controller';
import { TenantOrigins } from './tenant-origins';

/** Settings over REST; which web pages may call, and how often tenants may: ports that the app binds. */
@Module({
  imports: [AccessModule, AuditEventsModule, SettingsModule, TenancyModule],
  providers: [SettingsService, GrantsService, TenantOrigins, TenantRates],
  exports: [TenantOrigins, TenantRates],
  controllers: [SettingsController, GrantsController],
})
export class SettingsHttpModule {}
