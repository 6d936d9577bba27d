import { Module } from '@nestjs/common';
import { AccessModule } from '#caas/access';
import { ControlPlaneJobsModule, ControlPlaneModule } from '#caas/control-plane';
import { archiveConfig, ArchiveJobsModule, ArchiveModule } from '#caas/domain/archive';
import {
  fileLifecycleConfig,
  MediaJobsModule,
  MediaLifecycleJobsModule,
  PostsJobsModule,
  processingConfig,
} from '#caas/domain/media';
import { archivedConfig, MessagingJobsModule, MessagingModule } from '#caas/domain/messaging';
import { SettingsModule } from '#caas/domain/settings';
import { UsersJobsModule } from '#caas/domain/users';
import { CacheModule } from '#caas/platform/cache';
import { ConfigModule, runtimeConfig } from '#caas/platform/config';
import { HealthModule, monitoringConfig, MonitoringModule } from '#caas/platform/health';
import { loggingConfig, LoggingModule } from '#caas/platform/logging';
import { JobRunnerModule, QueueModule } from '#caas/platform/queue';
import { RealtimePublisherModule } from '#caas/platform/realtime';
import { RedisModule } from '#caas/platform/redis';
import { storageConfig, StorageModule } from '#caas/platform/storage';
import { OutboxModule, TenancyJobsModule, tenancyConfig, TenancyModule } from '#caas/tenancy';

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
    UsersJobsModule,
    RealtimePublisherModule,
    ArchiveModule,
    MessagingModule,
    MessagingJobsModule,
    PostsJobsModule,
    MediaLifecycleJobsModule,
    MediaJobsModule,
    ArchiveJobsModule,
    JobRunnerModule,
  ],
})
export class AppModule {}
