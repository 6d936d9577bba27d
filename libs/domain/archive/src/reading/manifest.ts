import type { ObjectId } from 'bson';
import type { GoneSeqs } from '#caas/domain/messages';
import type { ArchiveSegment, BlockEntry } from '../persistence/archive-segment.schema';
import type { SegmentRow } from './segment-objects';

/** A block and its segment. */
export interface BlockRef {
  segment: SegmentRow;
  number: number;
  entry: BlockEntry;
}

/** The segments of a conversation at one of its versions. */
export class Manifest {
  readonly blocks: BlockRef[];
  readonly gone: GoneSeqs[];

  /** @param rows the segments that are visible to readers, and the expired ones */
  constructor(rows: ArchiveSegment[]) {
    const [expired, seen] = [rows.filter(isExpired), rows.filter((row) => !isExpired(row))];
    this.gone = expired.map(({ month, first_seq, last_seq }) => ({ month, first_seq, last_seq }));
    this.blocks = seen.flatMap(blocksOf);
  }

  /** Finds a block by its segment's id and its number. */
  block(segmentId: ObjectId, number: number): BlockRef | undefined {
    return this.blocks.find((ref) => ref.number === number && ref.segment._id.equals(segmentId));
  }
}

const isExpired = ({ state }: ArchiveSegment): boolean => state === 'expired';

export const blocksOf = (segment: ArchiveSegment): BlockRef[] =>
  segment.blocks.map((entry, number) => ({ segment, number, entry }));

export const isSuperseded = ({ superseded }: BlockEntry, seq: number): boolean => superseded?.includes(seq) ?? false;
