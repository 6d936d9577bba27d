import { Module } from '@nestjs/common';
import {
  AccessApiModule,
  OperatorMetricsAccess,
  ServerKeyStore,
  SessionDirectory,
  SigningKeyStore,
  TokenSocketAuthenticator,
  UserDirectory,
} from '#caas/access';
import {
  ControlPlaneHttpModule,
  ControlPlaneModule,
  TenantServerKeys,
  TenantSigningKeys,
  TenantsRepository,
} from '#caas/control-plane';
import { archiveConfig, ArchiveHolds, ArchiveModule, ColdArchive } from '#caas/domain/archive';
import {
  archivedConfig,
  ConversationPeerDirectory,
  ConversationsApiModule,
  OwningGroups,
  StoredMessages,
  UnreadMentions,
} from '#caas/domain/conversations';
import { EncryptionHttpModule, PeerDirectory } from '#caas/domain/encryption';
import { GroupsHttpModule, GroupsModule, OwningGroupsAdapter } from '#caas/domain/groups';
import { FeedModule, InboxApiModule, ConversationFeed } from '#caas/domain/inbox';
import { FileAvatars, MediaAvatarsModule, MediaHttpModule } from '#caas/domain/media';
import {
  MessageArchive,
  UnreadMentionsCounter,
  LegalHolds,
  MessagePolicy,
  MessagesApiModule,
  MessagesModule,
  StoredMessagesReader,
} from '#caas/domain/messages';
import {
  ModerationMessagePolicy,
  ModerationTextPolicy,
  ModerationApiModule,
  ModerationModule,
} from '#caas/domain/moderation';
import { PostsHttpModule } from '#caas/domain/posts';
import { PresenceApiModule, presenceConfig } from '#caas/domain/presence';
import { ScheduledApiModule } from '#caas/domain/scheduled';
import { SettingsHttpModule, TenantOrigins, TenantRates } from '#caas/domain/settings';
import { ConnectionQuota, UsageApiModule, UsageEventsModule } from '#caas/domain/usage';
import {
  Avatars,
  CachedSessionDirectory,
  CachedUserDirectory,
  TextPolicy,
  UsersHttpModule,
  UsersModule,
  UsersSocketModule,
} from '#caas/domain/users';
import { ConfigModule, operatorsConfig, runtimeConfig } from '#caas/platform/config';
import { HealthHttpModule, MetricsAccess, monitoringConfig, MonitoringModule } from '#caas/platform/health';
import { AllowedOrigins, httpConfig, HttpModule } from '#caas/platform/http';
import { limitsConfig, RatePolicy } from '#caas/platform/limits';
import { loggingConfig, LoggingModule } from '#caas/platform/logging';
import { PortsModule } from '#caas/platform/ports';
import {
  ConnectionQuotaPort,
  ConversationDirectory,
  realtimeConfig,
  RealtimeModule,
  SocketAuthenticator,
  SocketOrigins,
} from '#caas/platform/realtime';
import { storageConfig } from '#caas/platform/storage';
import { tenancyConfig, TenantDirectory } from '#caas/tenancy';

/** Which library answers the questions of the libraries below it. */
const ports = PortsModule.bind(
  [
    AccessApiModule,
    ArchiveModule,
    ControlPlaneModule,
    ConversationsApiModule,
    FeedModule,
    GroupsModule,
    MediaAvatarsModule,
    MessagesApiModule,
    MessagesModule,
    ModerationModule,
    SettingsHttpModule,
    UsageApiModule,
    UsersModule,
  ],
  [
    [TenantDirectory, TenantsRepository],
    [ServerKeyStore, TenantServerKeys],
    [SigningKeyStore, TenantSigningKeys],
    [UserDirectory, CachedUserDirectory],
    [SessionDirectory, CachedSessionDirectory],
    [MetricsAccess, OperatorMetricsAccess],
    [SocketAuthenticator, TokenSocketAuthenticator],
    [AllowedOrigins, TenantOrigins],
    [SocketOrigins, TenantOrigins],
    [RatePolicy, TenantRates],
    [ConnectionQuotaPort, ConnectionQuota],
    [Avatars, FileAvatars],
    [TextPolicy, ModerationTextPolicy],
    [PeerDirectory, ConversationPeerDirectory],
    [ConversationDirectory, ConversationFeed],
    [StoredMessages, StoredMessagesReader],
    [UnreadMentions, UnreadMentionsCounter],
    [OwningGroups, OwningGroupsAdapter],
    [MessagePolicy, ModerationMessagePolicy],
    [MessageArchive, ColdArchive],
    [LegalHolds, ArchiveHolds],
  ],
);

/** What an api process is made of. */
@Module({
  imports: [
    ConfigModule.forRoot([
      runtimeConfig,
      operatorsConfig,
      loggingConfig,
      httpConfig,
      monitoringConfig,
      tenancyConfig,
      storageConfig,
      realtimeConfig,
      limitsConfig,
      presenceConfig,
      archivedConfig,
      archiveConfig,
    ]),
    LoggingModule,
    HealthHttpModule,
    MonitoringModule,
    HttpModule,
    AccessApiModule,
    ControlPlaneHttpModule,
    SettingsHttpModule,
    UsageApiModule,
    UsageEventsModule,
    EncryptionHttpModule,
    UsersHttpModule,
    UsersSocketModule,
    RealtimeModule,
    ports,
    ConversationsApiModule,
    MessagesApiModule,
    InboxApiModule,
    PresenceApiModule,
    ScheduledApiModule,
    ModerationApiModule,
    GroupsHttpModule,
    PostsHttpModule,
    MediaHttpModule,
  ],
})
export class AppModule {}
