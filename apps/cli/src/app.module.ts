import { Module } from '@nestjs/common';
import { AccessModule } from '#caas/access';
import { ControlPlaneModule } from '#caas/control-plane';
import { archiveConfig, ArchiveModule, ArchiveWorkModule } from '#caas/domain/archive';
import { fileLifecycleConfig, MediaLifecycleModule } from '#caas/domain/media';
import { archivedConfig, MessagingModule } from '#caas/domain/messaging';
import { GrantsService, SettingsModule } from '#caas/domain/settings';
import { UsersModule } from '#caas/domain/users';
import { CacheModule } from '#caas/platform/cache';
import { ConfigModule, runtimeConfig, type Environment } from '#caas/platform/config';
import { HealthModule } from '#caas/platform/health';
import { loggingConfig, LoggingModule } from '#caas/platform/logging';
import { QueueModule } from '#caas/platform/queue';
import { RedisModule } from '#caas/platform/redis';
import { storageConfig, StorageModule } from '#caas/platform/storage';
import { OutboxModule, tenancyConfig, TenancyModule } from '#caas/tenancy';

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
        HealthModule,
        RedisModule,
        StorageModule,
        CacheModule,
        QueueModule,
        TenancyModule,
        OutboxModule,
        SettingsModule,
        ControlPlaneModule,
        AccessModule,
        UsersModule,
        ArchiveModule,
        ArchiveWorkModule,
        MessagingModule,
        MediaLifecycleModule,
      ],
      providers: [GrantsService],
    };
  }
}
