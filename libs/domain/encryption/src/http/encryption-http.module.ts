import { Module } from '@nestjs/common';
import { AccessModule } from '#caas/access';
import { SettingsModule } from '#caas/domain/settings';
import { UsersModule } from '#caas/domain/users';
import { LimitsModule } from '#caas/platform/limits';
import { RealtimeModule } from '#caas/platform/realtime';
import { KeyBundlesService } from '../claims/key-bundles.service';
import { PrekeyClaims } from '../claims/prekey-claims';
import { EncryptionModule } from '../encryption.module';
import { KeyNotifier } from '../key-notifier';
import { DeviceKeysService } from '../upload/device-keys.service';
import { DeviceKeysController } from './device-keys.controller';
import { KeyBundlesController } from './key-bundles.controller';
import { KeyLogController } from './key-log.controller';

/** The key server over REST. Needs `PeerDirectory` (conversations): the app binds it. */
@Module({
  imports: [AccessModule, EncryptionModule, LimitsModule, RealtimeModule, SettingsModule, UsersModule],
  providers: [DeviceKeysService, KeyBundlesService, PrekeyClaims, KeyNotifier],
  controllers: [DeviceKeysController, KeyBundlesController, KeyLogController],
})
export class EncryptionHttpModule {}
