import { Injectable } from '@nestjs/common';
import type { RequestContext } from '#caas/kernel';
import type { ArchivedMessage } from '#caas/domain/messages';
import { ArchiveHolds } from '../archiving/holds';
import type { ArchiveSegment } from '../persistence/archive-segment.schema';
import { SegmentObjects } from '../reading/segment-objects';

/** Whether a legal hold covers a message in a segment. Reads the segment only if there are holds. */
@Injectable()
export class SegmentHolds {
  constructor(
    private readonly holds: ArchiveHolds,
    private readonly objects: SegmentObjects,
  ) {}

  /**
   * Call it in the transaction that removes the messages, so that every hold placed before it is respected.
   * @param isAffected whether the message would be removed; by default all are
   * @throws ArchiveDamaged
   */
  async any(
    ctx: RequestContext,
    segment: ArchiveSegment,
    isAffected: (archived: ArchivedMessage) => boolean = () => true,
  ): Promise<boolean> {
    const held = await this.holds.of(ctx);
    if (held.isEmpty) return false;
    for await (const some of this.objects.messages(ctx, segment)) {
      if (some.some((each) => held.legally(each) && isAffected(each))) return true;
    }
    return false;
  }
}
