import { Injectable } from '@nestjs/common';
import type { RequestContext } from '#caas/kernel';
import type { ArchivedMessage } from '#caas/domain/messages';
import { ArchiveLeases, type Lease } from '../archiving/leases';
import { BlockCodec } from '../format/block-codec';
import { SegmentDraft } from '../format/segment-draft';
import { archiveBlocks } from '../persistence/archive-block.schema';
import { archiveSegments, type ArchiveSegment } from '../persistence/archive-segment.schema';
import { isSuperseded } from '../reading/manifest';
import { SegmentObjects } from '../reading/segment-objects';

/** Writes the remaining messages of a segment as a new segment. The caller replaces the old segment with it. */
@Injectable()
export class SegmentRewriter {
  constructor(
    private readonly leases: ArchiveLeases,
    private readonly objects: SegmentObjects,
    private readonly codec: BlockCodec,
  ) {}

  draft({ tenantId }: RequestContext, { conversation_id, month }: ArchiveSegment): SegmentDraft {
    return new SegmentDraft(this.codec, tenantId, conversation_id, month);
  }

  /** All messages of a segment; `counts` is false for superseded copies. @throws ArchiveDamaged */
  async *copies(
    ctx: RequestContext,
    segment: ArchiveSegment,
  ): AsyncIterable<{ each: ArchivedMessage; counts: boolean }> {
    let number = 0;
    for await (const some of this.objects.messages(ctx, segment)) {
      const entry = segment.blocks[number]!;
      for (const each of some) yield { each, counts: !isSuperseded(entry, each.message.seq) };
      number += 1;
    }
  }

  /**
   * Plans, writes and reads back the new segment; readers do not see it yet.
   * @param count the number of messages that the draft must have
   */
  async write(ctx: RequestContext, lease: Lease, draft: SegmentDraft, count: number): Promise<ArchiveSegment['_id']> {
    const { segment, blocks, object } = await draft.finish();
    if (segment.count !== count) throw new Error('A segment lost messages while it was rewritten.');
    await ctx.transaction(async (tx) => {
      await this.leases.require(tx, lease);
      await tx.repository(archiveSegments).insertMany([segment]);
      await tx.repository(archiveBlocks).insertMany(blocks);
    });
    await this.objects.put(ctx, segment, object);
    await this.objects.verify(ctx, segment);
    return segment._id;
  }
}
