import { Module } from '@nestjs/common';
import { AccessModule, ServerKeyStore, SessionDirectory, SigningKeyStore, UserDirectory } from '#caas/access';
import {
  ControlPlaneJobsModule,
  ControlPlaneModule,
  TenantServerKeys,
  TenantSigningKeys,
  TenantsRepository,
} from '#caas/control-plane';
import { archiveConfig, ArchiveHolds, ArchiveJobsModule, ArchiveModule, ColdArchive } from '#caas/domain/archive';
import { archivedConfig, ConversationsJobsModule, OwningGroups, StoredMessages } from '#caas/domain/conversations';
import { EncryptionModule } from '#caas/domain/encryption';
import { GroupsModule, OwningGroupsAdapter } from '#caas/domain/groups';
import { FeedModule, ConversationFeed } from '#caas/domain/inbox';
import { fileLifecycleConfig, MediaJobsModule, MediaLifecycleJobsModule, processingConfig } from '#caas/domain/media';
import {
  MessageArchive,
  LegalHolds,
  MessagePolicy,
  MessagesJobsModule,
  MessagesModule,
  StoredMessagesReader,
} from '#caas/domain/messages';
import { ModerationMessagePolicy, ModerationModule } from '#caas/domain/moderation';
import { PostsJobsModule } from '#caas/domain/posts';
import { PresenceModule } from '#caas/domain/presence';
import { ScheduledJobsModule } from '#caas/domain/scheduled';
import { SettingsModule } from '#caas/domain/settings';
import { UsageEventsModule } from '#caas/domain/usage';
import { CachedSessionDirectory, CachedUserDirectory, UsersJobsModule, UsersModule } from '#caas/domain/users';
import { CacheModule } from '#caas/platform/cache';
import { ConfigModule, runtimeConfig } from '#caas/platform/config';
import { HealthModule, monitoringConfig, MonitoringModule } from '#caas/platform/health';
import { loggingConfig, LoggingModule } from '#caas/platform/logging';
import { PortsModule } from '#caas/platform/ports';
import { JobContexts, JobRunnerModule, QueueModule } from '#caas/platform/queue';
import { ConversationDirectory, RealtimePublisherModule } from '#caas/platform/realtime';
import { RedisModule } from '#caas/platform/redis';
import { storageConfig, StorageModule } from '#caas/platform/storage';
import {
  OutboxModule,
  TenancyJobsModule,
  tenancyConfig,
  TenancyModule,
  TenantDirectory,
  TenantJobContexts,
} from '#caas/tenancy';

/** Which library answers the questions of the libraries below it. */
const ports = PortsModule.bind(
  [
    ArchiveModule,
    ControlPlaneModule,
    FeedModule,
    GroupsModule,
    MessagesModule,
    ModerationModule,
    TenancyJobsModule,
    UsersModule,
  ],
  [
    [TenantDirectory, TenantsRepository],
    [ServerKeyStore, TenantServerKeys],
    [SigningKeyStore, TenantSigningKeys],
    [UserDirectory, CachedUserDirectory],
    [SessionDirectory, CachedSessionDirectory],
    [JobContexts, TenantJobContexts],
    [ConversationDirectory, ConversationFeed],
    [StoredMessages, StoredMessagesReader],
    [OwningGroups, OwningGroupsAdapter],
    [MessagePolicy, ModerationMessagePolicy],
    [MessageArchive, ColdArchive],
    [LegalHolds, ArchiveHolds],
  ],
);

/** What a worker process is made of. */
@Module({
  imports: [
    ConfigModule.forRoot([
      runtimeConfig,
      loggingConfig,
      monitoringConfig,
      tenancyConfig,
      storageConfig,
      fileLifecycleConfig,
      processingConfig,
      archivedConfig,
      archiveConfig,
    ]),
    LoggingModule,
    HealthModule,
    MonitoringModule,
    RedisModule,
    StorageModule,
    CacheModule,
    QueueModule,
    TenancyModule,
    OutboxModule,
    SettingsModule,
    TenancyJobsModule,
    ControlPlaneModule,
    AccessModule,
    ControlPlaneJobsModule,
    UsageEventsModule,
    UsersJobsModule,
    RealtimePublisherModule,
    ports,
    EncryptionModule,
    PresenceModule,
    ConversationsJobsModule,
    MessagesJobsModule,
    ScheduledJobsModule,
    PostsJobsModule,
    MediaLifecycleJobsModule,
    MediaJobsModule,
    ArchiveJobsModule,
    JobRunnerModule,
  ],
})
export class AppModule {}
