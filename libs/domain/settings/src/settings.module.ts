import { Global, Module } from '@nestjs/common';
import { TenancyModule } from '#caas/tenancy';
import { tenantSettings } from './persistence/tenant-settings.schema';
import { Settings } from './settings';
import { SettingsRegistry } from './settings-registry';

/** For every process: what tenants have set. */
@Global()
@Module({
  imports: [TenancyModule.forFeature([tenantSettings])],
  providers: [Settings, SettingsRegistry],
  exports: [Settings, SettingsRegistry],
})
export class SettingsModule {}
