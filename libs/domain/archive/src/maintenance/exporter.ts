import { Injectable } from '@nestjs/common';
import type { ObjectId } from 'bson';
import type { RequestContext } from '#caas/kernel';
import { ArchivableMessages } from '#caas/domain/messages';
import { headOf, lineOf } from '../format/lines';
import { archiveSegments, SEEN } from '../persistence/archive-segment.schema';
import { isSuperseded } from '../reading/manifest';
import { SegmentObjects } from '../reading/segment-objects';

const CONVERSATIONS_AT_ONCE = 200;

/** Lines of one file: one segment, or the hot messages of a conversation. */
export interface ExportedPart {
  conversationId: ObjectId;
  /** Unique within the conversation. */
  name: string;
  /** Without their line ends. */
  lines: string[];
}

/** Exports everything that a tenant's members wrote, cold and hot, as plain lines, including deleted content that legal holds preserve. */
@Injectable()
export class Exporter {
  constructor(
    private readonly objects: SegmentObjects,
    private readonly hot: ArchivableMessages,
  ) {}

  /**
   * First cold storage, block by block in the order of segments, then hot messages. A message that is being moved may appear in both.
   * @throws ArchiveDamaged
   */
  async *export(ctx: RequestContext, conversationId?: ObjectId): AsyncIterable<ExportedPart> {
    yield* this.cold(ctx, conversationId);
    for await (const id of this.conversations(ctx, conversationId)) {
      for await (const some of this.hot.wholeOf(ctx, id)) {
        yield { conversationId: id, name: 'hot', lines: some.map((each) => lineOf(each).trimEnd()) };
      }
    }
  }

  private async *conversations(ctx: RequestContext, only?: ObjectId): AsyncIterable<ObjectId> {
    if (only) return yield only;
    for (let after: ObjectId | null = null; ;) {
      const some = await this.hot.conversations(ctx, after, CONVERSATIONS_AT_ONCE);
      for (const { _id } of some) yield _id;
      if (some.length < CONVERSATIONS_AT_ONCE) return;
      after = some.at(-1)!._id;
    }
  }

  private async *cold(ctx: RequestContext, conversationId?: ObjectId): AsyncIterable<ExportedPart> {
    const which = { state: { $in: SEEN }, ...(conversationId ? { conversation_id: conversationId } : {}) };
    for await (const segment of ctx.repository(archiveSegments).stream(which, { sort: { _id: 1 }, batchSize: 50 })) {
      let number = 0;
      for await (const lines of this.objects.lines(ctx, segment)) {
        const entry = segment.blocks[number]!;
        number += 1;
        const own = lines.filter((line) => !isSuperseded(entry, headOf(line).seq));
        const name = `${segment.month}-${segment._id.toHexString()}`;
        yield { conversationId: segment.conversation_id, name, lines: own };
      }
    }
  }
}
