import { Module, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { join } from 'node:path';
import { configToken, runtimeConfig, type ConfigOf } from '#caas/platform/config';
import { HealthChecks, HealthModule } from '#caas/platform/health';
import { Metrics, MetricsModule } from '#caas/platform/metrics';
import { FsStorage } from './fs-storage';
import { measured } from './measured-storage';
import { ObjectStorage } from './object-storage';
import { S3Storage } from './s3-storage';
import { storageConfig } from './storage.config';

/** The storage that the configuration names. */
export function openStorage(
  config: ConfigOf<typeof storageConfig>,
  runtime: Pick<ConfigOf<typeof runtimeConfig>, 'DATA_DIR'>,
): ObjectStorage {
  if (config.STORAGE_DRIVER === 'fs') return new FsStorage(join(runtime.DATA_DIR, 'storage'));
  const { S3_ACCESS_KEY_ID: accessKeyId, S3_SECRET_ACCESS_KEY: secretAccessKey } = config;
  return new S3Storage({
    // The check of the config section guarantees it.
    bucket: config.S3_BUCKET!,
    region: config.S3_REGION,
    endpoint: config.S3_ENDPOINT,
    credentials: accessKeyId && secretAccessKey ? { accessKeyId, secretAccessKey } : null,
    forcePathStyle: config.S3_FORCE_PATH_STYLE,
  });
}

/** Inject `ObjectStorage`. */
@Module({
  imports: [HealthModule, MetricsModule],
  providers: [
    {
      provide: ObjectStorage,
      inject: [configToken(storageConfig), configToken(runtimeConfig), Metrics],
      useFactory: (...[config, runtime, metrics]: [...Parameters<typeof openStorage>, Metrics]) =>
        measured(openStorage(config, runtime), metrics),
    },
  ],
  exports: [ObjectStorage],
})
export class StorageModule implements OnModuleInit, OnApplicationShutdown {
  constructor(
    private readonly storage: ObjectStorage,
    private readonly health: HealthChecks,
  ) {}

  onModuleInit(): void {
    this.health.add('storage', () => this.storage.ping());
  }

  onApplicationShutdown(): void {
    if (this.storage instanceof S3Storage) this.storage.close();
  }
}
