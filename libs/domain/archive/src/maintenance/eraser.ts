import { Injectable } from '@nestjs/common';
import type { ObjectId } from 'bson';
import { Clock, conflict, invalid, type Filter, type RequestContext } from '#caas/kernel';
import {
  ErasedMessages,
  ArchivableMessages,
  withoutUser,
  type ArchivedMessage,
  type ErasedMessage,
} from '#caas/domain/messages';
import type { HoldSubject } from '../archiving/holds';
import { ArchiveLeases, type Lease } from '../archiving/leases';
import { archiveErasures } from '../persistence/archive-erasure.schema';
import { archiveSegments, SEEN, type ArchiveSegment, type SegmentState } from '../persistence/archive-segment.schema';
import { GarbageCollector } from './garbage-collector';
import { SegmentHolds } from './segment-holds';
import { SegmentRewriter } from './segment-rewriter';

export interface Erased {
  segments: number;
  messages: number;
}

/**
 * Erases a user's data or a conversation from cold storage. A segment with data of a user is rewritten without it, read back and
 * compared. It replaces the old segment in one transaction; then the old object is deleted. Only a record of the erasure remains. Hot
 * messages are not affected.
 */
@Injectable()
export class Eraser {
  constructor(
    private readonly held: SegmentHolds,
    private readonly leases: ArchiveLeases,
    private readonly rewriter: SegmentRewriter,
    private readonly hot: ArchivableMessages,
    private readonly erased: ErasedMessages,
    private readonly collector: GarbageCollector,
    private readonly clock: Clock,
  ) {}

  /**
   * May be run again after an interruption. When it resolves, the old objects are deleted.
   * @throws CaasError `legal_hold`, `archive_busy` (409), ArchiveDamaged
   */
  async erase(ctx: RequestContext, subject: HoldSubject): Promise<Erased> {
    const { conversationId, userId } = subject;
    const about = { conversation_id: conversationId ?? null, user_id: userId ?? null };
    const which = await this.segmentsOf(ctx, subject);
    const sum: Erased = { segments: 0, messages: 0 };
    const record = await ctx.repository(archiveErasures).insertOne({ ...about, ...sum, done_at: null });
    const rows = await ctx.repository(archiveSegments).find(which, { fields: ['conversation_id'], sort: { _id: 1 } });
    for (const { _id, conversation_id } of rows) {
      const messages = await this.leases.with(ctx, conversation_id, async (lease) => {
        const segment = await ctx.repository(archiveSegments).findOne({ _id, state: { $in: SEEN } });
        if (!segment) return 0;
        // Its messages are hot or are being restored: after they are erased there, this segment would bring them back.
        if (segment.state !== 'pruned') throw busy();
        if (userId) return this.rewrite(ctx, lease, segment, userId);
        await this.expire(ctx, lease, segment);
        return segment.count;
      });
      if (messages === null) throw busy();
      if (messages > 0) sum.segments += 1;
      sum.messages += messages;
    }
    await this.collector.collect(ctx);
    const done = { ...sum, done_at: this.clock.now() };
    await ctx.repository(archiveErasures).updateOne({ _id: record._id }, { $set: done });
    return sum;
  }

  /**
   * Counts what `erase` would erase, by reading it; changes nothing.
   * @throws CaasError `invalid_subject` (400), `legal_hold`, `archive_busy` (409), ArchiveDamaged
   */
  async affected(ctx: RequestContext, subject: HoldSubject): Promise<Erased> {
    const { userId } = subject;
    const which = await this.segmentsOf(ctx, subject);
    const sum: Erased = { segments: 0, messages: 0 };
    for await (const segment of ctx.repository(archiveSegments).stream(which, { sort: { _id: 1 } })) {
      if (segment.state !== 'pruned') throw busy();
      const messages = userId ? await this.countOf(ctx, segment, userId) : segment.count;
      if (messages > 0) sum.segments += 1;
      sum.messages += messages;
    }
    return sum;
  }

  /** @throws CaasError `invalid_subject` (400), `legal_hold` (409) */
  private async segmentsOf(ctx: RequestContext, subject: HoldSubject): Promise<Filter<ArchiveSegment>> {
    const { conversationId, userId } = subject;
    if (!conversationId === !userId) throw invalid('invalid_subject', 'Name a user or a conversation.');
    const which: Filter<ArchiveSegment> = {
      state: { $in: SEEN },
      ...(conversationId ? { conversation_id: conversationId } : {}),
    };
    await this.requireUnheld(ctx, subject, which);
    return which;
  }

  private async countOf(ctx: RequestContext, segment: ArchiveSegment, userId: ObjectId): Promise<number> {
    let count = 0;
    for await (const { each } of this.rewriter.copies(ctx, segment)) {
      if (withoutUser(each, userId, this.clock.now())) count += 1;
    }
    return count;
  }

  /** @returns how many messages were changed */
  private async rewrite(ctx: RequestContext, lease: Lease, segment: ArchiveSegment, userId: ObjectId): Promise<number> {
    const draft = this.rewriter.draft(ctx, segment);
    const erased: ErasedMessage[] = [];
    let kept = 0;
    let stale = 0;
    for await (const { each, counts } of this.rewriter.copies(ctx, segment)) {
      const without = withoutUser(each, userId, this.clock.now());
      // A superseded copy also contains what the user once wrote, so it is removed.
      if (without && !counts) stale += 1;
      if (!counts) continue;
      if (without) erased.push({ before: each, after: without });
      draft.add(without ?? each);
      kept += 1;
    }
    if (erased.length + stale === 0) return 0;
    const isAffected = (each: ArchivedMessage) => withoutUser(each, userId, this.clock.now()) !== null;
    if (kept === 0) {
      await this.leave(ctx, lease, segment, 'dropped', isAffected);
      return stale;
    }
    const freshId = await this.rewriter.write(ctx, lease, draft, kept);
    await this.leave(ctx, lease, segment, 'dropped', isAffected, async (tx) => {
      await tx.repository(archiveSegments).updateOne({ _id: freshId }, { $set: { state: 'pruned' } });
      await this.erased.changed(tx, segment.conversation_id, erased);
    });
    const held = erased.filter(({ before }) => before.message.attachments.length > 0);
    await this.erased.releaseFiles(
      ctx,
      held.map(({ before }) => before.message._id),
    );
    return erased.length + stale;
  }

  /** Expires the whole segment. Clients that sync must start again, so that they discard its messages. */
  private expire(ctx: RequestContext, lease: Lease, segment: ArchiveSegment): Promise<void> {
    const all = () => true;
    return this.leave(ctx, lease, segment, 'expired', all, (tx) =>
      this.erased.vanished(tx, segment.conversation_id, { forgotten: true }),
    );
  }

  /** Hides the segment from readers in one transaction. @param what further writes of that transaction */
  private leave(
    ctx: RequestContext,
    lease: Lease,
    segment: ArchiveSegment,
    state: SegmentState,
    isAffected: (archived: ArchivedMessage) => boolean,
    what: (tx: RequestContext) => Promise<void> = () => Promise.resolve(),
  ): Promise<void> {
    return ctx.transaction(async (tx) => {
      await this.leases.require(tx, lease);
      // Checked again here, because a hold may have been placed after the work began.
      if (await this.held.any(tx, segment, isAffected)) throw legalHold();
      await tx.repository(archiveSegments).updateOne({ _id: segment._id }, { $set: { state } });
      await this.hot.changed(tx, segment.conversation_id);
      await what(tx);
    });
  }

  private async requireUnheld(
    ctx: RequestContext,
    { userId }: HoldSubject,
    which: Filter<ArchiveSegment>,
  ): Promise<void> {
    const isAffected = (each: ArchivedMessage) => !userId || withoutUser(each, userId, this.clock.now()) !== null;
    for await (const segment of ctx.repository(archiveSegments).stream(which, { sort: { _id: 1 } })) {
      if (await this.held.any(ctx, segment, isAffected)) throw legalHold();
    }
  }
}

const legalHold = () => conflict('legal_hold', 'A legal hold keeps what was to be erased.');

const busy = () => conflict('archive_busy', 'Somebody else is at work on this archive: try again after the next run.');
