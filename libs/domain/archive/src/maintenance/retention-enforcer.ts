import { Injectable } from '@nestjs/common';
import { Clock, type RequestContext } from '#caas/kernel';
import { ErasedMessages, ArchivableMessages, type ArchivedMessage } from '#caas/domain/messages';
import { ArchivePolicy, retentionCutoff } from '../archiving/archive-policy';
import { ArchiveHolds } from '../archiving/holds';
import { ArchiveLeases, type Lease } from '../archiving/leases';
import { monthOf, type SegmentDraft } from '../format/segment-draft';
import { archiveBlocks } from '../persistence/archive-block.schema';
import { archiveSegments, type ArchiveSegment } from '../persistence/archive-segment.schema';
import { SegmentHolds } from './segment-holds';
import { SegmentRewriter } from './segment-rewriter';

/** A partly expired segment, split into what is kept and what expires. */
interface Parted {
  kept: { draft: SegmentDraft; count: number };
  gone: ArchivedMessage[];
  /** Expiring messages: each run is a sequence without a kept message in between. */
  runs: SegmentDraft[];
}

/**
 * Expires messages in cold storage by their own age, where a tenant has set a retention. Held messages are kept. A segment that also
 * contains younger or held messages is rewritten without the expired ones.
 */
@Injectable()
export class RetentionEnforcer {
  constructor(
    private readonly policy: ArchivePolicy,
    private readonly holds: ArchiveHolds,
    private readonly held: SegmentHolds,
    private readonly rewriter: SegmentRewriter,
    private readonly leases: ArchiveLeases,
    private readonly hot: ArchivableMessages,
    private readonly erased: ErasedMessages,
    private readonly clock: Clock,
  ) {}

  /** @returns the number of segments from which messages expired */
  async expire(ctx: RequestContext): Promise<number> {
    const before = retentionCutoff(await this.policy.of(ctx), this.clock.now());
    if (before === null) return 0;
    const old = ctx
      .repository(archiveSegments)
      .stream({ state: 'pruned', month: { $lte: monthOf(before) } }, { sort: { _id: 1 } });
    let expired = 0;
    for await (const { _id, conversation_id } of old) {
      const done = await this.leases.with(ctx, conversation_id, async (lease) => {
        const segment = await ctx.repository(archiveSegments).findOne({ _id, state: 'pruned' });
        if (!segment) return 0;
        const isWhollyOld = segment.newest_at < before;
        if (isWhollyOld && !(await this.held.any(ctx, segment))) return this.expireWhole(ctx, lease, segment);
        return this.expirePart(ctx, lease, segment, before);
      });
      expired += done ?? 0;
    }
    return expired;
  }

  private expireWhole(ctx: RequestContext, lease: Lease, segment: ArchiveSegment): Promise<number> {
    return ctx.transaction(async (tx) => {
      await this.leases.require(tx, lease);
      // Checked in the transaction, because a hold may have been placed in the meantime.
      if (await this.held.any(tx, segment)) return 0;
      const { modified } = await tx
        .repository(archiveSegments)
        .updateOne({ _id: segment._id, state: 'pruned' }, { $set: { state: 'expired' } });
      await this.vanish(tx, segment);
      return modified;
    });
  }

  private async expirePart(ctx: RequestContext, lease: Lease, segment: ArchiveSegment, before: Date): Promise<number> {
    const { kept, gone, runs } = await this.part(ctx, segment, before);
    if (gone.length === 0) return 0;
    if (kept.count === 0) return this.expireWhole(ctx, lease, segment);
    const freshId = await this.rewriter.write(ctx, lease, kept.draft, kept.count);
    const finished = await Promise.all(runs.map((run) => run.finish()));
    return ctx.transaction(async (tx) => {
      await this.leases.require(tx, lease);
      const held = await this.holds.of(tx);
      // A hold was placed in the meantime; the next run looks again. The plan is cleaned up like that of an interrupted run.
      if (gone.some((each) => held.legally(each))) return 0;
      const rows = tx.repository(archiveSegments);
      await rows.updateOne({ _id: segment._id, state: 'pruned' }, { $set: { state: 'dropped' } });
      await rows.updateOne({ _id: freshId }, { $set: { state: 'pruned' } });
      // These rows have no object. They record which messages expired, and what has to be cleaned up after them.
      await rows.insertMany(finished.map((run) => ({ ...run.segment, state: 'expired' as const })));
      await tx.repository(archiveBlocks).insertMany(finished.flatMap(({ blocks }) => blocks));
      await this.vanish(tx, segment);
      return 1;
    });
  }

  private async part(ctx: RequestContext, segment: ArchiveSegment, before: Date): Promise<Parted> {
    const held = await this.holds.of(ctx);
    const parted: Parted = { kept: { draft: this.rewriter.draft(ctx, segment), count: 0 }, gone: [], runs: [] };
    let isRun = false;
    for await (const { each, counts } of this.rewriter.copies(ctx, segment)) {
      if (!counts) continue;
      const goes = each.message.created_at < before && !held.legally(each);
      if (goes) {
        if (!isRun) parted.runs.push(this.rewriter.draft(ctx, segment));
        parted.runs.at(-1)!.add(each);
        parted.gone.push(each);
      } else {
        parted.kept.draft.add(each);
        parted.kept.count += 1;
      }
      isRun = goes;
    }
    return parted;
  }

  private async vanish(tx: RequestContext, { conversation_id }: ArchiveSegment): Promise<void> {
    await this.hot.changed(tx, conversation_id);
    await this.erased.vanished(tx, conversation_id, { forgotten: false });
  }
}
