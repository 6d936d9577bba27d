import { Injectable } from '@nestjs/common';
import type { ObjectId } from 'bson';
import type { RequestContext } from '#caas/kernel';
import { headOf } from '../format/lines';
import { archiveSegments, SEEN } from '../persistence/archive-segment.schema';
import { isSuperseded } from '../reading/manifest';
import { SegmentObjects } from '../reading/segment-objects';

export interface ExportedSegment {
  conversationId: ObjectId;
  month: string;
  segmentId: ObjectId;
  /** Without their ends. */
  lines: string[];
}

/** What lies in cold storage, as plain lines: decompressed and decrypted. */
@Injectable()
export class Exporter {
  constructor(private readonly objects: SegmentObjects) {}

  /** Block by block, in the order of segments. @throws ArchiveDamaged */
  async *export(ctx: RequestContext, conversationId?: ObjectId): AsyncIterable<ExportedSegment> {
    const which = { state: { $in: SEEN }, ...(conversationId ? { conversation_id: conversationId } : {}) };
    for await (const segment of ctx.repository(archiveSegments).stream(which, { sort: { _id: 1 }, batchSize: 50 })) {
      let number = 0;
      for await (const lines of this.objects.lines(ctx, segment)) {
        const entry = segment.blocks[number]!;
        number += 1;
        const own = lines.filter((line) => !isSuperseded(entry, headOf(line).seq));
        yield { conversationId: segment.conversation_id, month: segment.month, segmentId: segment._id, lines: own };
      }
    }
  }
}
