import { Injectable } from '@nestjs/common';
import type { ObjectId } from 'bson';
import { LRUCache } from 'lru-cache';
import { CaasError, type Filter, type RequestContext } from '#caas/kernel';
import {
  MessageArchive,
  ArchiveChangedError,
  type ArchivedMessage,
  type ColdConversation,
  type MentionedSpan,
  type SeqWindow,
} from '#caas/domain/messages';
import { Log } from '#caas/platform/logging';
import { ArchiveDamaged } from '../format/lines';
import { archiveBlocks, NAMES_SOMEBODY, type ArchiveBlock } from '../persistence/archive-block.schema';
import { archiveSegments, SEEN, type ArchiveSegment } from '../persistence/archive-segment.schema';
import { BlockReader } from './block-reader';
import { ConversationArchive } from './conversation-archive';
import { blocksOf, isSuperseded, Manifest, type BlockRef } from './manifest';

/** The most blocks in the manifests that a process caches. */
const MAX_BLOCKS_REMEMBERED = 50_000;
const BLOCKS_AT_ONCE = 20;

type Located = { ref: BlockRef; row: ArchiveBlock };

/** Cold storage's implementation of the port of messages. */
@Injectable()
export class ColdArchive extends MessageArchive {
  private readonly manifests = new LRUCache<string, Manifest>({
    maxSize: MAX_BLOCKS_REMEMBERED,
    sizeCalculation: ({ blocks }) => blocks.length + 1,
  });

  constructor(
    private readonly reader: BlockReader,
    private readonly log: Log,
  ) {
    super();
  }

  override async open(ctx: RequestContext, conversation_id: ObjectId, version: number): Promise<ColdConversation> {
    const key = `${ctx.tenantId}:${conversation_id.toHexString()}:${version}`;
    let manifest = this.manifests.get(key);
    if (!manifest) {
      const state = { $in: [...SEEN, 'expired'] };
      manifest = new Manifest(await ctx.repository(archiveSegments).find({ conversation_id, state }));
      if (!ctx.connection.inTransaction) this.manifests.set(key, manifest);
    }
    const archive = new ConversationArchive(ctx, conversation_id, manifest, this.reader);
    return {
      gone: manifest.gone,
      span: (span, root) => this.telling(ctx, () => archive.span(span, root)),
      changedAfter: (...asked) => this.telling(ctx, () => archive.changedAfter(...asked)),
    };
  }

  override find(ctx: RequestContext, ids: ObjectId[]): Promise<ArchivedMessage[]> {
    if (ids.length === 0) return Promise.resolve([]);
    return this.telling(ctx, async () => {
      const wanted = new Set(ids.map((id) => id.toHexString()));
      const located = await this.locate(ctx, { ids: { $in: ids } });
      const found = await Promise.all(
        located.map(({ ref }) => this.reader.read(ctx, ref, (_seq, id) => wanted.has(id))),
      );
      return newest(found.flat());
    });
  }

  override mentioning(ctx: RequestContext, userId: ObjectId, span: MentionedSpan): Promise<ArchivedMessage[]> {
    return this.telling(ctx, async () => {
      const backward = span.direction === 'backward';
      const own = new Set(span.conversationIds.map((id) => id.toHexString()));
      const found: ArchivedMessage[] = [];
      for (let skip = 0; ; skip += BLOCKS_AT_ONCE) {
        const bounds = {
          ...(span.below ? { min_id: { $lt: span.below } } : {}),
          ...(span.above ? { max_id: { $gt: span.above } } : {}),
        };
        const which = {
          $and: [{ mentions: userId }, NAMES_SOMEBODY],
          conversation_id: { $in: span.conversationIds },
          ...bounds,
        };
        const sort = backward ? ({ max_id: -1 } as const) : ({ min_id: 1 } as const);
        const rows = await ctx.repository(archiveBlocks).find(which, { sort, skip, limit: BLOCKS_AT_ONCE });
        for (const { ref, row } of await this.withSegments(ctx, rows)) {
          if (!own.has(row.conversation_id.toHexString())) continue;
          const seqs = new Set(row.mention_seqs[userId.toHexString()]);
          found.push(...(await this.reader.read(ctx, ref, (seq) => seqs.has(seq))));
        }
        const page = firstById(newest(found), span);
        const edge = rows.at(-1);
        if (rows.length < BLOCKS_AT_ONCE || !edge) return page;
        const last = page.length === span.limit ? page.at(-1)!.message._id.toHexString() : null;
        const isBeyond = backward
          ? last !== null && last > edge.max_id.toHexString()
          : last !== null && last < edge.min_id.toHexString();
        if (isBeyond) return page;
      }
    });
  }

  override async mentionSeqs(
    ctx: RequestContext,
    userId: ObjectId,
    windows: SeqWindow[],
  ): Promise<Map<string, number[]>> {
    const byId = new Map(windows.map((window) => [window.conversationId.toHexString(), window]));
    const located = await this.locate(ctx, {
      $and: [{ mentions: userId }, NAMES_SOMEBODY],
      conversation_id: { $in: windows.map(({ conversationId }) => conversationId) },
    });
    const seqs = new Map<string, number[]>();
    for (const { ref, row } of located) {
      const id = row.conversation_id.toHexString();
      const { after, upTo } = byId.get(id)!;
      const own = (row.mention_seqs[userId.toHexString()] ?? []).filter(
        (seq) => seq > after && seq <= upTo && !isSuperseded(ref.entry, seq),
      );
      seqs.set(id, [...(seqs.get(id) ?? []), ...own]);
    }
    return seqs;
  }

  override async hasAny(ctx: RequestContext): Promise<boolean> {
    const state = { $in: SEEN };
    return (await ctx.repository(archiveSegments).findOne({ state }, { fields: ['_id'] })) !== null;
  }

  private async locate(ctx: RequestContext, filter: Filter<ArchiveBlock>): Promise<Located[]> {
    return this.withSegments(ctx, await ctx.repository(archiveBlocks).find(filter));
  }

  /** In the order of the rows, without segments that are hidden from readers. */
  private async withSegments(ctx: RequestContext, rows: ArchiveBlock[]): Promise<Located[]> {
    if (rows.length === 0) return [];
    const among = { $in: rows.map(({ segment_id }) => segment_id) };
    const segments = await ctx.repository(archiveSegments).find({ _id: among, state: { $in: SEEN } });
    const byId = new Map(segments.map((segment: ArchiveSegment) => [segment._id.toHexString(), blocksOf(segment)]));
    return rows.flatMap((row) => {
      const ref = byId.get(row.segment_id.toHexString())?.[row.number];
      return ref ? [{ ref, row }] : [];
    });
  }

  /** Logs the reason for the operator; the client only receives `archive_unavailable`. */
  private async telling<T>(ctx: RequestContext, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof ArchiveChangedError || error instanceof CaasError) throw error;
      const reason = (error as Error).message;
      this.log.of(ctx).error({ reason, damaged: error instanceof ArchiveDamaged }, 'cold storage cannot be read');
      const told = 'Older messages cannot be read right now.';
      throw new CaasError('unavailable', 'archive_unavailable', told, [], { cause: error, retryAfterSeconds: 5 });
    }
  }
}

/** Removes duplicates, keeping the latest version of each message. */
export function newest(found: ArchivedMessage[]): ArchivedMessage[] {
  const byId = new Map<string, ArchivedMessage>();
  for (const archived of found) {
    const id = archived.message._id.toHexString();
    const known = byId.get(id);
    if (!known || known.message.__v < archived.message.__v) byId.set(id, archived);
  }
  return [...byId.values()];
}

function firstById(found: ArchivedMessage[], { above, below, direction, limit }: MentionedSpan): ArchivedMessage[] {
  const sign = direction === 'backward' ? -1 : 1;
  const hexOf = ({ message }: ArchivedMessage) => message._id.toHexString();
  return found
    .filter((each) => (!above || hexOf(each) > above.toHexString()) && (!below || hexOf(each) < below.toHexString()))
    .sort((a, b) => (hexOf(a) < hexOf(b) ? -sign : sign))
    .slice(0, limit);
}
