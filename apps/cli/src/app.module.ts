import { Module } from '@nestjs/common';
import { AuditEventsModule, ServerKeyStore, SessionDirectory, SigningKeyStore, UserDirectory } from '#caas/access';
import { ControlPlaneModule, TenantServerKeys, TenantSigningKeys, TenantsRepository } from '#caas/control-plane';
import { archiveConfig, ArchiveHolds, ArchiveModule, ArchiveWorkModule, ColdArchive } from '#caas/domain/archive';
import { archivedConfig, StoredMessages } from '#caas/domain/conversations';
import { EncryptionModule } from '#caas/domain/encryption';
import { GroupsModule } from '#caas/domain/groups';
import { fileLifecycleConfig, MediaLifecycleModule } from '#caas/domain/media';
import { MessageArchive, LegalHolds, MessagesModule, StoredMessagesReader } from '#caas/domain/messages';
import { ModerationModule } from '#caas/domain/moderation';
import { PostsModule } from '#caas/domain/posts';
import { PresenceModule } from '#caas/domain/presence';
import { ScheduledModule } from '#caas/domain/scheduled';
import { GrantsService, SettingsModule } from '#caas/domain/settings';
import { CachedSessionDirectory, CachedUserDirectory, UsersModule } from '#caas/domain/users';
import { ConfigModule, runtimeConfig, type Environment } from '#caas/platform/config';
import { loggingConfig, LoggingModule } from '#caas/platform/logging';
import { PortsModule } from '#caas/platform/ports';
import { QueueModule } from '#caas/platform/queue';
import { storageConfig } from '#caas/platform/storage';
import { tenancyConfig, TenancyModule, TenantDirectory } from '#caas/tenancy';

/** Which library answers the questions of the libraries below it. */
const ports = PortsModule.bind(
  [ArchiveModule, ControlPlaneModule, MessagesModule, UsersModule],
  [
    [TenantDirectory, TenantsRepository],
    [ServerKeyStore, TenantServerKeys],
    [SigningKeyStore, TenantSigningKeys],
    [UserDirectory, CachedUserDirectory],
    [SessionDirectory, CachedSessionDirectory],
    [StoredMessages, StoredMessagesReader],
    [MessageArchive, ColdArchive],
    [LegalHolds, ArchiveHolds],
  ],
);

/** For commands that look into domains: every domain's collections, and no transport. */
@Module({})
export class AppModule {
  static with(environment: Environment) {
    return {
      module: AppModule,
      imports: [
        ConfigModule.forRoot(
          [
            runtimeConfig,
            loggingConfig,
            tenancyConfig,
            storageConfig,
            archivedConfig,
            archiveConfig,
            fileLifecycleConfig,
          ],
          environment,
        ),
        LoggingModule,
        QueueModule,
        TenancyModule,
        SettingsModule,
        ControlPlaneModule,
        AuditEventsModule,
        UsersModule,
        ports,
        EncryptionModule,
        GroupsModule,
        PresenceModule,
        ModerationModule,
        ScheduledModule,
        PostsModule,
        ArchiveWorkModule,
        MessagesModule,
        MediaLifecycleModule,
      ],
      providers: [GrantsService],
    };
  }
}
