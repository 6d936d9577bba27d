import { Module, type OnModuleInit } from '@nestjs/common';
import { CacheModule } from '#caas/platform/cache';
import { TenancyModule } from '#caas/tenancy';
import { limitsSettings } from './limits/limits.settings';
import { originsSettings } from './origins/origins.settings';
import { tenantSettings } from './persistence/tenant-settings.schema';
import { Settings } from './settings';
import { SettingsRegistry } from './settings-registry';

/** For every process: what tenants have set. */
@Module({
  imports: [CacheModule, TenancyModule.forFeature([tenantSettings])],
  providers: [Settings, SettingsRegistry],
  exports: [Settings, SettingsRegistry],
})
export class SettingsModule implements OnModuleInit {
  constructor(private readonly registry: SettingsRegistry) {}

  onModuleInit(): void {
    this.registry.register(limitsSettings);
    this.registry.register(originsSettings);
  }
}
