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
/** The archiver leaves alone what somebody wanted back, for so long. */
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
 * Puts messages back into the hot collections as they were, to the byte, with what changed of them in cold storage. Segments
 * are restored whole, and go on being read until everything of them is hot, and a while longer. A run that was broken off is
 * finished by the next, or by the archiver.
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
   * Of a conversation all, or the segments that touch a range. They leave cold storage with the next collection.
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

  /** What `restore` would put back. */
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

  /** What was being restored is all hot, and was for a while: then it leaves. Call it after the grace. @throws LeaseLost */
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

  /** @returns how many were not hot */
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
