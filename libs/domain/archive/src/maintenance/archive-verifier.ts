import { Injectable } from '@nestjs/common';
import type { ObjectId } from 'bson';
import { Clock, type RequestContext } from '#caas/kernel';
import { ArchivableMessages } from '#caas/domain/messages';
import { archiveBlocks } from '../persistence/archive-block.schema';
import { archiveSegments, SEEN, type ArchiveSegment } from '../persistence/archive-segment.schema';
import { isSuperseded } from '../reading/manifest';
import { SegmentObjects } from '../reading/segment-objects';

const MAX_LISTED = 100;
const SEGMENTS_AT_ONCE = 50;

export interface ArchiveVerification {
  segments: number;
  messages: number;
  bytes: number;
  /** Segments that do not match their rows; 0 is expected. */
  damaged: number;
  /** The first hundred damaged segments. */
  problems: { conversation_id: string; segment_id: string; key: string; reason: string }[];
  /** Where to resume; null when all segments were read. */
  next: ObjectId | null;
}

/** Reads every byte of the segments back and compares them with the database. It repairs nothing. */
@Injectable()
export class ArchiveVerifier {
  constructor(
    private readonly objects: SegmentObjects,
    private readonly hot: ArchivableMessages,
    private readonly clock: Clock,
  ) {}

  async verify(
    ctx: RequestContext,
    {
      conversationId,
      after = null,
      deadlineMs,
    }: { conversationId?: ObjectId | undefined; after?: ObjectId | null; deadlineMs?: number } = {},
  ): Promise<ArchiveVerification> {
    const result: ArchiveVerification = { segments: 0, messages: 0, bytes: 0, damaged: 0, problems: [], next: after };
    const which = { state: { $in: SEEN }, ...(conversationId ? { conversation_id: conversationId } : {}) };
    for (;;) {
      const beyond = result.next === null ? {} : { _id: { $gt: result.next } };
      const some = await ctx
        .repository(archiveSegments)
        .find({ ...which, ...beyond }, { sort: { _id: 1 }, limit: SEGMENTS_AT_ONCE });
      for (const segment of some) await this.add(ctx, result, segment);
      result.next = some.length < SEGMENTS_AT_ONCE ? null : some.at(-1)!._id;
      if (result.next === null || (deadlineMs !== undefined && performance.now() > deadlineMs)) return result;
    }
  }

  private async add(ctx: RequestContext, result: ArchiveVerification, segment: ArchiveSegment): Promise<void> {
    result.segments += 1;
    result.messages += segment.count;
    result.bytes += segment.bytes;
    const reason = await this.problemOf(ctx, segment);
    if (reason === null) {
      await ctx
        .repository(archiveSegments)
        .updateOne({ _id: segment._id }, { $set: { verified_at: this.clock.now() } });
      return;
    }
    // The segment may have been rewritten, restored or expired since it was listed.
    const isSeen = await ctx.repository(archiveSegments).findOne({ _id: segment._id, state: { $in: SEEN } });
    if (!isSeen) return;
    result.damaged += 1;
    if (result.problems.length === MAX_LISTED) return;
    result.problems.push({
      conversation_id: segment.conversation_id.toHexString(),
      segment_id: segment._id.toHexString(),
      key: segment.key,
      reason,
    });
  }

  private async problemOf(ctx: RequestContext, segment: ArchiveSegment): Promise<string | null> {
    try {
      const ids = await this.objects.verify(ctx, segment);
      const blocks = await ctx
        .repository(archiveBlocks)
        .find({ segment_id: segment._id }, { sort: { number: 1 }, fields: ['ids', 'versions', 'number'] });
      const indexed = blocks.flatMap((block) => block.ids);
      const isSame = indexed.length === ids.length && indexed.every((id, at) => id.toHexString() === ids[at]);
      if (!isSame) return 'The index names other messages than are there.';
      return segment.state === 'pruned' ? await this.doubled(ctx, segment) : null;
    } catch (error) {
      return (error as Error).message;
    }
  }

  private async doubled(ctx: RequestContext, segment: ArchiveSegment): Promise<string | null> {
    let number = 0;
    for await (const some of this.objects.messages(ctx, segment)) {
      const entry = segment.blocks[number]!;
      number += 1;
      const own = some.map(({ message }) => message).filter(({ seq }) => !isSuperseded(entry, seq));
      const [hot] = await this.hot.left(ctx, own);
      if (hot) return `The message ${hot._id.toHexString()} is hot as well.`;
    }
    return null;
  }
}
