import { Module } from '@nestjs/common';
import { AccessApiModule, AccessModule } from '#caas/access';
import { ControlPlaneHttpModule, ControlPlaneModule } from '#caas/control-plane';
import { archiveConfig, ArchiveModule } from '#caas/domain/archive';
import { EncryptionHttpModule } from '#caas/domain/encryption';
import { GroupsHttpModule } from '#caas/domain/groups';
import { MediaAvatarsModule, MediaHttpModule, PostsHttpModule } from '#caas/domain/media';
import { archivedConfig, MessagingApiModule, presenceConfig } from '#caas/domain/messaging';
import { SettingsHttpModule, SettingsModule } from '#caas/domain/settings';
import { UsageApiModule } from '#caas/domain/usage';
import { UsersHttpModule, UsersSocketModule } from '#caas/domain/users';
import { CacheModule } from '#caas/platform/cache';
import { ConfigModule, operatorsConfig, runtimeConfig } from '#caas/platform/config';
import { HealthHttpModule, monitoringConfig, MonitoringModule } from '#caas/platform/health';
import { httpConfig, HttpModule } from '#caas/platform/http';
import { limitsConfig, LimitsModule } from '#caas/platform/limits';
import { loggingConfig, LoggingModule } from '#caas/platform/logging';
import { QueueModule } from '#caas/platform/queue';
import { realtimeConfig, RealtimeModule } from '#caas/platform/realtime';
import { RedisModule } from '#caas/platform/redis';
import { storageConfig, StorageModule } from '#caas/platform/storage';
import { OutboxModule, tenancyConfig, TenancyModule } from '#caas/tenancy';

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
    RedisModule,
    StorageModule,
    CacheModule,
    QueueModule,
    TenancyModule,
    OutboxModule,
    SettingsModule,
    ControlPlaneModule,
    AccessModule,
    LimitsModule,
    AccessApiModule,
    ControlPlaneHttpModule,
    SettingsHttpModule,
    UsageApiModule,
    EncryptionHttpModule,
    UsersHttpModule,
    UsersSocketModule,
    MediaAvatarsModule,
    RealtimeModule,
    ArchiveModule,
    MessagingApiModule,
    GroupsHttpModule,
    PostsHttpModule,
    MediaHttpModule,
  ],
})
export class AppModule {}
