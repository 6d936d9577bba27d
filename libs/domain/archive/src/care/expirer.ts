import { Injectable } from '@nestjs/common';
import { Clock, type RequestContext } from '#caas/kernel';
import { HotMessages } from '#caas/domain/messaging';
import { ArchiveHolds, type HeldMessages } from '../archiving/holds';
import { ArchivePolicy } from '../archiving/archive-policy';
import { ArchiveLeases } from '../archiving/leases';
import { archiveSegments, type ArchiveSegment } from '../persistence/archive-segment.schema';
import { SegmentObjects } from '../reading/segment-objects';

const DAY_MS = 24 * 60 * 60_000;

/** Ends the time of segments in cold storage, where a tenant has set one. */
@Injectable()
export class Expirer {
  constructor(
    private readonly policy: ArchivePolicy,
    private readonly holds: ArchiveHolds,
    private readonly leases: ArchiveLeases,
    private readonly hot: HotMessages,
    private readonly objects: SegmentObjects,
    private readonly clock: Clock,
  ) {}

  /** What somebody holds stays, with all that is in the same segment. @returns how many segments readers no longer see */
  async expire(ctx: RequestContext): Promise<number> {
    const { retentionDays } = await this.policy.of(ctx);
    if (retentionDays === null) return 0;
    const before = new Date(this.clock.now().getTime() - retentionDays * DAY_MS);
    const held = await this.holds.of(ctx);
    const old = ctx
      .repository(archiveSegments)
      .stream({ state: 'pruned', newest_at: { $lt: before } }, { sort: { _id: 1 } });
    let expired = 0;
    for await (const segment of old) {
      if (await this.isHeld(ctx, held, segment)) continue;
      const done = await this.leases.with(ctx, segment.conversation_id, (lease) =>
        ctx.transaction(async (tx) => {
          await this.leases.require(tx, lease);
          await this.hot.changed(tx, segment.conversation_id);
          const rows = tx.repository(archiveSegments);
          return rows.updateOne({ _id: segment._id, state: 'pruned' }, { $set: { state: 'expired' } });
        }),
      );
      expired += done?.modified ?? 0;
    }
    return expired;
  }

  private async isHeld(ctx: RequestContext, held: HeldMessages, segment: ArchiveSegment): Promise<boolean> {
    if (held.isEmpty) return false;
    for await (const some of this.objects.messages(ctx, segment)) {
      if (some.some(({ message }) => held.legally(message))) return true;
    }
    return false;
  }
}
