import { Injectable } from '@nestjs/common';
import type { RequestContext } from '#caas/kernel';
import type { ArchivedMessage } from '#caas/domain/messages';
import { ArchiveHolds } from '../archiving/holds';
import type { ArchiveSegment } from '../persistence/archive-segment.schema';
import { SegmentObjects } from '../reading/segment-objects';

/** Whether a legal hold is about something in a segment. Where there is no hold, nothing is read for it. */
@Injectable()
export class SegmentHolds {
  constructor(
    private readonly holds: ArchiveHolds,
    private readonly objects: SegmentObjects,
  ) {}

  /**
   * Ask it in the transaction that is to take something away: a hold that was placed before that counts.
   * @param isAffected whether the message is among what is to go; all are, when it is not given
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
