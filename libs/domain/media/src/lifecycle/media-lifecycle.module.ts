import { Module } from '@nestjs/common';
import { StorageModule } from '#caas/platform/storage';
import { OutboxModule, TenancyModule } from '#caas/tenancy';
import { MediaModule } from '../media.module';
import { CollectFilesProcessor } from './collect-files.processor';
import { FileCollector } from './file-collector';
import { FileRemoval } from './file-removal';
import { MediaVerifier } from './media-verifier';
import { OrphanObjects } from './orphan-objects';

/** Deletion and verification of files. */
@Module({
  imports: [MediaModule, OutboxModule, StorageModule],
  providers: [FileCollector, FileRemoval, MediaVerifier, OrphanObjects],
  exports: [FileCollector, FileRemoval, MediaVerifier, OrphanObjects],
})
export class MediaLifecycleModule {}

/** For workers. */
@Module({ imports: [MediaLifecycleModule, TenancyModule], providers: [CollectFilesProcessor] })
export class MediaLifecycleJobsModule {}
