import { archiveBlocks } from './archive-block.schema';
import { archiveErasures } from './archive-erasure.schema';
import { archiveHolds } from './archive-hold.schema';
import { archiveLeases } from './archive-lease.schema';
import { archiveSegments } from './archive-segment.schema';

/** Every collection this domain owns. */
export const ARCHIVE_COLLECTIONS = [archiveSegments, archiveBlocks, archiveLeases, archiveHolds, archiveErasures];
