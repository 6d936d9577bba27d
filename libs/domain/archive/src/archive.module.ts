import { Global, Module } from '@nestjs/common';
import { Clock, SystemClock } from '#caas/kernel';
import { ColdMessages } from '#caas/domain/messaging';
import { TenancyModule } from '#caas/tenancy';
import { ArchiveFaults } from './archiving/archive-faults';
import { ArchivePolicy, ConfiguredArchivePolicy } from './archiving/archive-policy';
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
import { ArchiveKeys } from './format/archive-keys';
import { BlockCodec } from './format/block-codec';
import { ARCHIVE_COLLECTIONS } from './persistence';
import { BlockCache } from './reading/block-cache';
import { BlockReader } from './reading/block-reader';
import { ColdArchive } from './reading/cold-archive';
import { SegmentObjects } from './reading/segment-objects';

/** Reading what is in cold storage. Global, because it answers the port of messaging. */
@Global()
@Module({
  imports: [TenancyModule.forFeature(ARCHIVE_COLLECTIONS)],
  providers: [
    ArchiveKeys,
    BlockCodec,
    SegmentObjects,
    BlockCache,
    BlockReader,
    ColdArchive,
    { provide: ColdMessages, useExisting: ColdArchive },
  ],
  exports: [ColdMessages, SegmentObjects, BlockCodec],
})
export class ArchiveModule {}

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
    { provide: ArchivePolicy, useClass: ConfiguredArchivePolicy },
  ],
  exports: [...WORK, ArchivePolicy],
})
export class ArchiveWorkModule {}
