import { Module } from '@nestjs/common';
import { ServerKeyStore, SessionDirectory, SigningKeyStore, UserDirectory } from '#caas/access';
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
import { UsageEventsModule } from '#caas/domain/usage';
import { CachedSessionDirectory, CachedUserDirectory, UsersJobsModule, UsersModule } from '#caas/domain/users';
import { ConfigModule, runtimeConfig } from '#caas/platform/config';
import { monitoringConfig, MonitoringModule } from '#caas/platform/health';
import { loggingConfig, LoggingModule } from '#caas/platform/logging';
import { PortsModule } from '#caas/platform/ports';
import { JobContexts, JobRunnerModule } from '#caas/platform/queue';
import { ConversationDirectory } from '#caas/platform/realtime';
import { storageConfig } from '#caas/platform/storage';
import { TenancyJobsModule, tenancyConfig, TenantDirectory, TenantJobContexts } from '#caas/tenancy';

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
    MonitoringModule,
    TenancyJobsModule,
    ControlPlaneJobsModule,
    UsageEventsModule,
    UsersJobsModule,
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
