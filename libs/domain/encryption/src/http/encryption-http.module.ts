import { Module, type OnModuleInit } from '@nestjs/common';
import { SettingsRegistry } from '#caas/domain/settings';
import { KeyBundlesService } from '../claims/key-bundles.service';
import { PrekeyClaims } from '../claims/prekey-claims';
import { EncryptionModule } from '../encryption.module';
import { encryptionSettings } from '../encryption.settings';
import { KeyNews } from '../key-news';
import { DeviceKeysService } from '../upload/device-keys.service';
import { DeviceKeysController } from './device-keys.controller';
import { KeyBundlesController } from './key-bundles.controller';
import { KeyLogController } from './key-log.controller';

/** The key server over REST. Needs `KeyAudience` (messaging) from somewhere, globally. */
@Module({
  imports: [EncryptionModule],
  providers: [DeviceKeysService, KeyBundlesService, PrekeyClaims, KeyNews],
  controllers: [DeviceKeysController, KeyBundlesController, KeyLogController],
})
export class EncryptionHttpModule implements OnModuleInit {
  constructor(private readonly settings: SettingsRegistry) {}

  onModuleInit(): void {
    this.settings.register(encryptionSettings);
  }
}
