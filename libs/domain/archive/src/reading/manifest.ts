import type { ObjectId } from 'bson';
import type { GoneSeqs } from '#caas/domain/messages';
import type { ArchiveSegment, BlockEntry } from '../persistence/archive-segment.schema';
import type { SegmentRow } from './segment-objects';

/** One block, and where it lies. */
export interface BlockRef {
  segment: SegmentRow;
  number: number;
  entry: BlockEntry;
}

/** What the rows of a conversation said at one of its versions. */
export class Manifest {
  readonly blocks: BlockRef[];
  readonly gone: GoneSeqs[];

  /** @param rows those that readers see, and those that have expired */
  constructor(rows: ArchiveSegment[]) {
    const [expired, seen] = [rows.filter(isExpired), rows.filter((row) => !isExpired(row))];
    this.gone = expired.map(({ month, first_seq, last_seq }) => ({ month, first_seq, last_seq }));
    this.blocks = seen.flatMap(blocksOf);
  }

  /** Those of a segment, by its id. */
  block(segmentId: ObjectId, number: number): BlockRef | undefined {
    return this.blocks.find((ref) => ref.number === number && ref.segment._id.equals(segmentId));
  }
}

const isExpired = ({ state }: ArchiveSegment): boolean => state === 'expired';

export const blocksOf = (segment: ArchiveSegment): BlockRef[] =>
  segment.blocks.map((entry, number) => ({ segment, number, entry }));

export const isSuperseded = ({ superseded }: BlockEntry, seq: number): boolean => superseded?.includes(seq) ?? false;
