import { Global, Module } from '@nestjs/common';
import { AllowedOrigins } from '#caas/platform/http';
import { RatePolicy } from '#caas/platform/limits';
import { SocketOrigins } from '#caas/platform/realtime';
import { GrantsService } from '../grants.service';
import { TenantRates } from '../limits/tenant-rates';
import { SettingsModule } from '../settings.module';
import { SettingsService } from '../settings.service';
import { GrantsController } from './grants.controller';
import { SettingsController } from './settings.controller';
import { TenantOrigins } from './tenant-origins';

/** Settings over REST. Global, because it answers which web pages may call, and how often tenants may. */
@Global()
@Module({
  imports: [SettingsModule],
  providers: [
    SettingsService,
    GrantsService,
    TenantOrigins,
    { provide: RatePolicy, useClass: TenantRates },
    { provide: AllowedOrigins, useExisting: TenantOrigins },
    { provide: SocketOrigins, useExisting: TenantOrigins },
  ],
  exports: [AllowedOrigins, RatePolicy, SocketOrigins],
  controllers: [SettingsController, GrantsController],
})
export class SettingsHttpModule {}
