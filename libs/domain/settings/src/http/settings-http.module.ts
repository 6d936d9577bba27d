import { Global, Module } from '@nestjs/common';
import { AllowedOrigins } from '#caas/platform/http';
import { SocketOrigins } from '#caas/platform/realtime';
import { TenantOrigins } from '../origins/tenant-origins';
import { SettingsModule } from '../settings.module';
import { SettingsService } from '../settings.service';
import { SettingsController } from './settings.controller';

/** Settings over REST. Global, because it answers which web pages may call. */
@Global()
@Module({
  imports: [SettingsModule],
  providers: [
    SettingsService,
    TenantOrigins,
    { provide: AllowedOrigins, useExisting: TenantOrigins },
    { provide: SocketOrigins, useExisting: TenantOrigins },
  ],
  exports: [AllowedOrigins, SocketOrigins],
  controllers: [SettingsController],
})
export class SettingsHttpModule {}
