import { Global, Module, type OnModuleInit } from '@nestjs/common';
import { Clock, SystemClock } from '#caas/kernel';
import { ColdMessages } from '#caas/domain/messaging';
import { SettingsRegistry } from '#caas/domain/settings';
import { InjectConfig, type ConfigOf } from '#caas/platform/config';
import { TenancyModule } from '#caas/tenancy';
import { archiveConfig } from './archive.config';
import { archiveSettingsOf } from './archive.settings';
import { ArchiveMetrics } from './archive-metrics';
import { ArchiveFaults } from './archiving/archive-faults';
import { ArchivePolicy, TenantArchivePolicy } from './archiving/archive-policy';
import { Archiver } from './archiving/archiver';
import { ArchiveHolds } from './archiving/holds';
import { ArchiveLeases } from './archiving/leases';
import { Pruner } from './archiving/pruner';
import { Restorer } from './archiving/restorer';
import { Sealer } from './archiving/sealer';
import { ArchiveStatus } from './care/archive-status';
import { ArchiveVerifier } from './care/archive-verifier';
import { Collector } from './care/collector';
import { Eraser } from './care/eraser';
import { Expirer } from './care/expirer';
import { Exporter } from './care/exporter';
import { HeldSegments } from './care/held-segments';
import { ArchiveKeys } from './format/archive-keys';
import { BlockCodec } from './format/block-codec';
import { ARCHIVE_COLLECTIONS } from './persistence';
import { BlockCache } from './reading/block-cache';
import { BlockReader } from './reading/block-reader';
import { ColdArchive } from './reading/cold-archive';
import { SegmentObjects } from './reading/segment-objects';

/** Reading what is in cold storage, and what tenants may set of it. Global, because it answers the port of messaging. */
@Global()
@Module({
  imports: [TenancyModule.forFeature(ARCHIVE_COLLECTIONS)],
  providers: [
    ArchiveMetrics,
    ArchiveKeys,
    BlockCodec,
    SegmentObjects,
    BlockCache,
    BlockReader,
    ColdArchive,
    { provide: ColdMessages, useExisting: ColdArchive },
  ],
  exports: [ArchiveMetrics, ColdMessages, SegmentObjects, BlockCodec],
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
  ArchiveFaults,
  ArchiveHolds,
  ArchiveLeases,
  ArchiveStatus,
  ArchiveVerifier,
  Collector,
  Eraser,
  Expirer,
  Exporter,
  HeldSegments,
  Pruner,
  Restorer,
  Sealer,
];

/** Moving messages there and back, and looking after what is there: for workers and the command line. */
@Module({
  imports: [ArchiveModule],
  providers: [
    ...WORK,
    { provide: Clock, useClass: SystemClock },
    { provide: ArchivePolicy, useClass: TenantArchivePolicy },
  ],
  exports: [...WORK, ArchivePolicy],
})
export class ArchiveWorkModule {}
