import { Injectable } from '@nestjs/common';
import type { ObjectId } from 'bson';
import { Clock, conflict, type RequestContext } from '#caas/kernel';
import { ArchivableMessages } from '#caas/domain/messages';
import { archiveSegments, type ArchiveSegment } from '../persistence/archive-segment.schema';
import { isSuperseded } from '../reading/manifest';
import { SegmentObjects } from '../reading/segment-objects';
import { Checkpoints } from './checkpoints';
import { ArchiveHolds } from './holds';
import { ArchiveLeases, type Lease } from './leases';

const DAY_MS = 24 * 60 * 60_000;
/** The archiver does not archive restored messages again for this long. */
const KEPT_HOT_DAYS = 30;

export interface RestoreWish {
  conversationId: ObjectId;
  fromSeq?: number | undefined;
  toSeq?: number | undefined;
}

export interface Restored {
  segments: number;
  messages: number;
}

/**
 * Copies messages back into the hot collections, byte for byte, including the changes made while they were in cold storage. Segments
 * are restored whole. Readers use a segment until all its messages are hot, and for the grace period after that. An interrupted run is
 * completed by the next run or by the archiver.
 */
@Injectable()
export class Restorer {
  constructor(
    private readonly hot: ArchivableMessages,
    private readonly objects: SegmentObjects,
    private readonly leases: ArchiveLeases,
    private readonly holds: ArchiveHolds,
    private readonly clock: Clock,
    private readonly faults: Checkpoints,
  ) {}

  /**
   * Restores a whole conversation, or the segments that overlap a range. The next garbage collection deletes their objects.
   * @throws CaasError `archive_busy` (409), LeaseLost, ArchiveDamaged
   */
  async restore(
    ctx: RequestContext,
    { conversationId, fromSeq = 1, toSeq = Infinity }: RestoreWish,
  ): Promise<Restored> {
    const restored = await this.leases.with(ctx, conversationId, async (lease) => {
      const some = await this.segments(ctx, { conversationId, fromSeq, toSeq });
      if (some.length > 0) await this.begin(ctx, lease, some);
      return { segments: some.length, messages: await this.copy(ctx, lease) };
    });
    if (!restored) throw conflict('archive_busy', 'Somebody else is at work on the archive of this conversation.');
    return restored;
  }

  /** Counts what `restore` would restore. */
  async wanted(ctx: RequestContext, wish: RestoreWish): Promise<Restored> {
    const some = await this.segments(ctx, wish);
    return { segments: some.length, messages: some.reduce((sum, { count }) => sum + count, 0) };
  }

  private async segments(
    ctx: RequestContext,
    { conversationId, fromSeq = 1, toSeq = Infinity }: RestoreWish,
  ): Promise<ArchiveSegment[]> {
    const cold = await ctx
      .repository(archiveSegments)
      .find({ conversation_id: conversationId, state: { $in: ['sealed', 'pruned'] } });
    return cold.filter(({ first_seq, last_seq }) => first_seq <= toSeq && last_seq >= fromSeq);
  }

  /** Completes an interrupted restore and drops its segments. Call it after the grace period. @throws LeaseLost */
  async finish(ctx: RequestContext, lease: Lease): Promise<void> {
    const rows = ctx.repository(archiveSegments);
    const which = { conversation_id: lease.conversationId, state: 'restoring' };
    if (!(await rows.findOne(which, { fields: ['_id'] }))) return;
    if ((await this.copy(ctx, lease)) > 0) return;
    await ctx.transaction(async (tx) => {
      await this.leases.require(tx, lease);
      await tx.repository(archiveSegments).updateMany(which, { $set: { state: 'dropped' } });
      await this.hot.changed(tx, lease.conversationId);
    });
  }

  private begin(ctx: RequestContext, lease: Lease, some: ArchiveSegment[]): Promise<void> {
    return ctx.transaction(async (tx) => {
      await this.leases.require(tx, lease);
      const until = new Date(this.clock.now().getTime() + KEPT_HOT_DAYS * DAY_MS);
      for (const segment of some) await this.holds.keepRestored(tx, lease.conversationId, segment, until);
      const ids = { $in: some.map(({ _id }) => _id) };
      await tx.repository(archiveSegments).updateMany({ _id: ids }, { $set: { state: 'restoring' } });
    });
  }

  /** @returns how many messages were not hot yet */
  private async copy(ctx: RequestContext, lease: Lease): Promise<number> {
    const some = await ctx
      .repository(archiveSegments)
      .find({ conversation_id: lease.conversationId, state: 'restoring' }, { sort: { first_seq: 1 } });
    let copied = 0;
    for (const segment of some) {
      let number = 0;
      for await (const messages of this.objects.messages(ctx, segment)) {
        const entry = segment.blocks[number]!;
        const own = messages.filter(({ message }) => !isSuperseded(entry, message.seq));
        copied += await ctx.transaction(async (tx) => {
          await this.leases.require(tx, lease);
          return this.hot.restore(tx, own);
        });
        await this.faults.at('restored_block');
        number += 1;
      }
    }
    return copied;
  }
}
