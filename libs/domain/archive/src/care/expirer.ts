import { Injectable } from '@nestjs/common';
import { Clock, type RequestContext } from '#caas/kernel';
import { ErasedMessages, HotMessages } from '#caas/domain/messaging';
import { ArchivePolicy } from '../archiving/archive-policy';
import { ArchiveLeases } from '../archiving/leases';
import { archiveSegments } from '../persistence/archive-segment.schema';
import { HeldSegments } from './held-segments';

const DAY_MS = 24 * 60 * 60_000;

/** Ends the time of segments in cold storage, where a tenant has set one. */
@Injectable()
export class Expirer {
  constructor(
    private readonly policy: ArchivePolicy,
    private readonly held: HeldSegments,
    private readonly leases: ArchiveLeases,
    private readonly hot: HotMessages,
    private readonly erased: ErasedMessages,
    private readonly clock: Clock,
  ) {}

  /** What somebody holds stays, with all that is in the same segment. @returns how many segments readers no longer see */
  async expire(ctx: RequestContext): Promise<number> {
    const { retentionDays } = await this.policy.of(ctx);
    if (retentionDays === null) return 0;
    const before = new Date(this.clock.now().getTime() - retentionDays * DAY_MS);
    const old = ctx
      .repository(archiveSegments)
      .stream({ state: 'pruned', newest_at: { $lt: before } }, { sort: { _id: 1 } });
    let expired = 0;
    for await (const segment of old) {
      const done = await this.leases.with(ctx, segment.conversation_id, (lease) =>
        ctx.transaction(async (tx) => {
          await this.leases.require(tx, lease);
          if (await this.held.any(tx, segment)) return 0;
          const { modified } = await tx
            .repository(archiveSegments)
            .updateOne({ _id: segment._id, state: 'pruned' }, { $set: { state: 'expired' } });
          await this.hot.changed(tx, segment.conversation_id);
          await this.erased.vanished(tx, segment.conversation_id, { forgotten: false });
          return modified;
        }),
      );
      expired += done ?? 0;
    }
    return expired;
  }
}
