import { Module, type OnModuleInit } from '@nestjs/common';
import { SettingsModule, SettingsRegistry } from '#caas/domain/settings';
import { UsageMeters, UsageModule } from '#caas/domain/usage';
import { DisplayNameRegistry, UsersModule } from '#caas/domain/users';
import { StorageModule } from '#caas/platform/storage';
import { OutboxModule, TenancyModule } from '#caas/tenancy';
import { AttachmentSnapshots } from './files/attachment-snapshots';
import { FileOwnersRegistry } from './files/file-owners-registry';
import { FileReferences } from './files/file-references';
import { FileViewers } from './files/file-viewers';
import { mediaSettings } from './limits/media.settings';
import { MediaUsage } from './limits/media-usage';
import { MediaPolicies } from './limits/policies';
import { storageMeter } from './limits/storage-meter';
import { files } from './persistence/file.schema';
import { MEDIA_COLLECTIONS } from './persistence';
import { UploadsService } from './uploads/uploads.service';

const PROVIDERS = [
  FileViewers,
  FileOwnersRegistry,
  FileReferences,
  AttachmentSnapshots,
  MediaPolicies,
  MediaUsage,
  UploadsService,
];

/** The part of media that every process needs: the collections, and the registration of their display names. */
@Module({
  imports: [
    OutboxModule,
    SettingsModule,
    StorageModule,
    UsageModule,
    UsersModule,
    TenancyModule.forFeature(MEDIA_COLLECTIONS),
  ],
  providers: PROVIDERS,
  exports: PROVIDERS,
})
export class MediaModule implements OnModuleInit {
  constructor(
    private readonly holders: DisplayNameRegistry,
    private readonly viewers: FileViewers,
    private readonly settings: SettingsRegistry,
    private readonly meters: UsageMeters,
    private readonly usage: MediaUsage,
  ) {}

  onModuleInit(): void {
    this.settings.register(mediaSettings);
    this.meters.register(storageMeter(this.usage));
    // Profiles are public within the tenant, and so are avatars.
    this.viewers.register('avatar', () => Promise.resolve(true));
    this.holders.register(files, [{ path: 'owner' }]);
  }
}
