import { Injectable } from '@nestjs/common';
import type { ObjectId } from 'bson';
import { LRUCache } from 'lru-cache';
import type { RequestContext } from '#caas/kernel';
import { InjectConfig, type ConfigOf } from '#caas/platform/config';
import { Realtime } from '#caas/platform/realtime';
import { ArchiveVersionCache } from '#caas/domain/conversations';
import { archivedConfig } from '#caas/domain/conversations';
import { conversationKey } from '#caas/domain/conversations';
import { ConversationFolds } from '#caas/domain/conversations';
import { FOLDED_ROW_FIELDS } from '#caas/domain/conversations';
import { conversations, type Conversation } from '#caas/domain/conversations';
import { messages } from '../store/message.schema';
import { ageMs, earlierOf, stampNow, type Stamp } from './stamp';

const MAX_REMEMBERED = 50_000;

/** What a send assumes about its conversation. */
export interface Head {
  id: ObjectId;
  /** The highest `seq` known to be used. The next message gets one more. */
  seq: number;
  /** The conversation's `rev` is at least this. */
  rev: number;
  /** Messages of the conversation are, or were, in cold storage. */
  hasArchive: boolean;
  /** When we sent the older one of the two queries behind this answer. */
  askedAt: Stamp;
}

interface Known {
  seq: number;
  seqAt: Stamp;
  rev: number;
  hasArchive: boolean;
  rowAt: Stamp;
}

type Row = Pick<Conversation, '_id' | 'rev' | 'archive_version' | 'archived_seq' | (typeof FOLDED_ROW_FIELDS)[number]>;
const ROW_FIELDS = [...FOLDED_ROW_FIELDS, 'rev', 'archive_version', 'archived_seq'] as const;

/**
 * The highest `seq` of conversations, as far as this process knows. An answer is trusted for `ARCHIVE_TRUST` from when it was asked
 * for, and used for half of that time, so that it is still trusted when the engine answers the insert. Sealed messages stay hot for
 * twice as long, and until then the unique index refuses a `seq` that is used.
 */
@Injectable()
export class ConversationHeads {
  private readonly known = new LRUCache<string, Known>({ max: MAX_REMEMBERED });
  readonly trustMs: number;

  constructor(
    private readonly archives: ArchiveVersionCache,
    private readonly folds: ConversationFolds,
    private readonly realtime: Realtime,
    @InjectConfig(archivedConfig) config: ConfigOf<typeof archivedConfig>,
  ) {
    this.trustMs = config.ARCHIVE_TRUST;
  }

  /** Keyed by the hex of the id. Deleted conversations are missing. */
  async of(ctx: RequestContext, ids: ObjectId[]): Promise<Map<string, Head>> {
    const heads = new Map<string, Head>();
    const stale: ObjectId[] = [];
    for (const id of ids) {
      const known = this.known.get(conversationKey(ctx, id));
      if (known && this.isYoung(known.seqAt) && this.isYoung(known.rowAt))
        heads.set(id.toHexString(), this.headOf(ctx, id, known));
      else stale.push(id);
    }
    if (stale.length > 0) for (const [id, head] of await this.ask(ctx, stale)) heads.set(id, head);
    return heads;
  }

  /** An insert sent at `sentAt` has succeeded: all numbers up to `seq` are used, and no higher one was used at that time. */
  used(ctx: RequestContext, id: ObjectId, seq: number, sentAt: Stamp): void {
    const known = this.known.get(conversationKey(ctx, id));
    if (!known || known.seq > seq) return;
    known.seq = seq;
    known.seqAt = sentAt;
  }

  /** Call it when the known head turned out to be wrong. */
  forget(ctx: RequestContext, id: ObjectId): void {
    this.known.delete(conversationKey(ctx, id));
  }

  /** Whether an answer that was asked for at this time is still trusted. */
  isTrusted = (askedAt: Stamp): boolean => ageMs(askedAt) <= this.trustMs;

  private isYoung = (askedAt: Stamp): boolean => ageMs(askedAt) <= this.trustMs / 2;

  /** Reads the newest hot message before the row. In the other order, a message pruned between the two reads would be in neither. */
  private async ask(ctx: RequestContext, ids: ObjectId[]): Promise<Map<string, Head>> {
    const newest = new Map<string, { seq: number; at: Stamp }>();
    await Promise.all(
      ids.map(async (id) => {
        const known = this.known.get(conversationKey(ctx, id));
        if (known && this.isYoung(known.seqAt))
          return void newest.set(id.toHexString(), { seq: known.seq, at: known.seqAt });
        const at = stampNow();
        newest.set(id.toHexString(), { seq: await newestHot(ctx, id), at });
      }),
    );
    const rowAt = stampNow();
    const rows = await readRows(ctx, ids);
    const heads = new Map<string, Head>();
    for (const row of rows) {
      const id = row._id.toHexString();
      const { seq, at: seqAt } = newest.get(id)!;
      const known: Known = {
        seq: Math.max(seq, row.archived_seq ?? 0),
        seqAt,
        rev: row.rev,
        hasArchive: (row.archive_version ?? null) !== null,
        rowAt,
      };
      this.known.set(conversationKey(ctx, row._id), known);
      this.archives.note(ctx, row, rowAt.monotonicMs);
      this.folds.learn(ctx, row);
      heads.set(id, this.headOf(ctx, row._id, known));
    }
    return heads;
  }

  /** Includes what other processes have published since. They publish after their commit. */
  private headOf(ctx: RequestContext, id: ObjectId, known: Known): Head {
    const heard = this.realtime.heard(ctx, id.toHexString());
    known.seq = Math.max(known.seq, heard.seq);
    known.rev = Math.max(known.rev, heard.rev);
    const { seq, rev, hasArchive } = known;
    return { id, seq, rev, hasArchive, askedAt: earlierOf(known.seqAt, known.rowAt) };
  }
}

/** 0 when there is no hot message. */
async function newestHot(ctx: RequestContext, conversation_id: ObjectId): Promise<number> {
  const [newest] = await ctx
    .repository(messages)
    .find({ conversation_id }, { sort: { seq: -1 }, limit: 1, withDeleted: true, fields: ['seq'] });
  return newest?.seq ?? 0;
}

function readRows(ctx: RequestContext, ids: ObjectId[]): Promise<Row[]> {
  const _id = ids.length === 1 ? ids[0] : { $in: ids };
  return ctx.repository(conversations).find({ _id }, { fields: [...ROW_FIELDS] });
}
