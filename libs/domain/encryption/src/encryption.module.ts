import { Module, type OnModuleInit } from '@nestjs/common';
import { SettingsModule, SettingsRegistry } from '#caas/domain/settings';
import { DeviceRemovals, DisplayNameRegistry, UsersModule } from '#caas/domain/users';
import { TenancyModule } from '#caas/tenancy';
import { PrekeyStock } from './claims/prekey-stock';
import { encryptionSettings } from './encryption.settings';
import { KeyLogService } from './log/key-log.service';
import { keyLog, keyLogHeads } from './persistence/key-log.schema';
import { prekeys } from './persistence/prekey.schema';
import { userKeys } from './persistence/user-keys.schema';
import { KeysOfRemoved } from './upload/keys-of-removed';

/**
 * The part of encryption that every process needs: the collections, the registration of display names, and the removal of keys with
 * their devices.
 */
@Module({
  imports: [SettingsModule, UsersModule, TenancyModule.forFeature([userKeys, prekeys, keyLog, keyLogHeads])],
  providers: [PrekeyStock, KeyLogService, KeysOfRemoved],
  exports: [PrekeyStock, KeyLogService, KeysOfRemoved],
})
export class EncryptionModule implements OnModuleInit {
  constructor(
    private readonly holders: DisplayNameRegistry,
    private readonly removals: DeviceRemovals,
    private readonly keys: KeysOfRemoved,
    private readonly settings: SettingsRegistry,
  ) {}

  onModuleInit(): void {
    this.settings.register(encryptionSettings);
    this.holders.register(userKeys, [{ path: 'user' }]);
    this.removals.with((tx, userId, deviceId) => this.keys.remove(tx, userId, deviceId));
  }
}
