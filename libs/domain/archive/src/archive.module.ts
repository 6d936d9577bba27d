import { Module, type OnModuleInit } from '@nestjs/common';
import { MessagesModule } from '#caas/domain/messages';
import { SettingsModule, SettingsRegistry } from '#caas/domain/settings';
import { ClockModule } from '#caas/platform/clock';
import { InjectConfig, type ConfigOf } from '#caas/platform/config';
import { MetricsModule } from '#caas/platform/metrics';
import { StorageModule } from '#caas/platform/storage';
import { TenancyModule } from '#caas/tenancy';
import { archiveConfig } from './archive.config';
import { archiveSettingsOf } from './archive.settings';
import { ArchiveMetrics } from './archive-metrics';
import { Checkpoints } from './archiving/checkpoints';
import { ArchivePolicy, TenantArchivePolicy } from './archiving/archive-policy';
import { Archiver } from './archiving/archiver';
import { ArchiveHolds } from './archiving/holds';
import { ArchiveLeases } from './archiving/leases';
import { Pruner } from './archiving/pruner';
import { Restorer } from './archiving/restorer';
import { SegmentWriter } from './archiving/segment-writer';
import { ArchiveStatus } from './maintenance/archive-status';
import { ArchiveVerifier } from './maintenance/archive-verifier';
import { GarbageCollector } from './maintenance/garbage-collector';
import { Eraser } from './maintenance/eraser';
import { RetentionEnforcer } from './maintenance/retention-enforcer';
import { Exporter } from './maintenance/exporter';
import { SegmentHolds } from './maintenance/segment-holds';
import { HoldRelease } from './maintenance/hold-release';
import { SegmentRewriter } from './maintenance/segment-rewriter';
import { ArchiveKeys } from './format/archive-keys';
import { BlockCodec } from './format/block-codec';
import { ARCHIVE_COLLECTIONS } from './persistence';
import { BlockCache } from './reading/block-cache';
import { BlockReader } from './reading/block-reader';
import { ColdArchive } from './reading/cold-archive';
import { SegmentObjects } from './reading/segment-objects';

/** Reads of cold storage, legal holds, and the tenants' archive settings. Implements ports of messages; the app binds them. */
@Module({
  imports: [ClockModule, MetricsModule, SettingsModule, StorageModule, TenancyModule.forFeature(ARCHIVE_COLLECTIONS)],
  providers: [
    ArchiveMetrics,
    ArchiveKeys,
    BlockCodec,
    SegmentObjects,
    BlockCache,
    BlockReader,
    ColdArchive,
    ArchiveHolds,
  ],
  exports: [ArchiveHolds, ArchiveMetrics, ColdArchive, SegmentObjects, BlockCodec],
})
export class ArchiveModule implements OnModuleInit {
  constructor(
    private readonly settings: SettingsRegistry,
    @InjectConfig(archiveConfig) private readonly config: ConfigOf<typeof archiveConfig>,
  ) {}

  onModuleInit(): void {
    this.settings.register(archiveSettingsOf(this.config));
  }
}

const WORK = [
  Archiver,
  Checkpoints,
  ArchiveLeases,
  ArchiveStatus,
  ArchiveVerifier,
  GarbageCollector,
  Eraser,
  RetentionEnforcer,
  Exporter,
  SegmentHolds,
  HoldRelease,
  Pruner,
  Restorer,
  SegmentWriter,
  SegmentRewriter,
];

/** Archiving, restoring and maintenance, for workers and the command line. */
@Module({
  imports: [ArchiveModule, ClockModule, MessagesModule, SettingsModule, StorageModule],
  providers: [...WORK, { provide: ArchivePolicy, useClass: TenantArchivePolicy }],
  exports: [...WORK, ArchivePolicy],
})
export class ArchiveWorkModule {}
