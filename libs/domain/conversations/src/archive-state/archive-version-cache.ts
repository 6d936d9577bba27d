import { Injectable } from '@nestjs/common';
import type { ObjectId } from 'bson';
import { LRUCache } from 'lru-cache';
import type { RequestContext } from '#caas/kernel';
import { InjectConfig, type ConfigOf } from '#caas/platform/config';
import { conversationKey } from '../store/conversation-key';
import { archivedConfig } from './archived.config';
import { conversations, type Conversation } from '../store/conversation.schema';

const MAX_REMEMBERED = 50_000;

/** What a conversation's row says of its archive, and when we asked for it, by the monotonic clock of this process. */
export interface ArchiveNumber {
  /** Null when nothing of it was ever archived. */
  version: number | null;
  /** The highest `seq` in cold storage. */
  seq: number;
  askedAtMs: number;
}

type Row = Pick<Conversation, '_id' | 'archive_version' | 'archived_seq'>;

/**
 * Caches which conversations have an archive, so that a read of one without an archive costs nothing. That is safe because sealed
 * messages stay hot, and restored messages stay cold, for twice as long as any process trusts its cache. Each process measures time
 * with its own monotonic clock, so differing wall clocks do no harm.
 */
@Injectable()
export class ArchiveVersionCache {
  private readonly known = new LRUCache<string, ArchiveNumber>({ max: MAX_REMEMBERED });
  /** How long an answer is trusted. */
  readonly trustMs: number;

  constructor(@InjectConfig(archivedConfig) config: ConfigOf<typeof archivedConfig>) {
    this.trustMs = config.ARCHIVE_TRUST;
  }

  isFresh = ({ askedAtMs }: { askedAtMs: number }): boolean => performance.now() - askedAtMs <= this.trustMs;

  /** The answer is trusted for at least half of `trustMs` more, for the read that goes with it. */
  async of(ctx: RequestContext, id: ObjectId): Promise<ArchiveNumber> {
    const known = this.known.get(conversationKey(ctx, id));
    return known && this.isYoung(known) ? known : this.ask(ctx, id);
  }

  async ask(ctx: RequestContext, id: ObjectId): Promise<ArchiveNumber> {
    const askedAtMs = performance.now();
    const row = await ctx
      .repository(conversations)
      .findOne({ _id: id }, { fields: ['archive_version', 'archived_seq'], withDeleted: true });
    const number = numberOf(row, askedAtMs);
    if (!ctx.connection.inTransaction) this.known.set(conversationKey(ctx, id), number);
    return number;
  }

  /** Stores what the caller has just read for another reason. */
  note(ctx: RequestContext, row: Row, askedAtMs: number): void {
    this.known.set(conversationKey(ctx, row._id), numberOf(row, askedAtMs));
  }

  forget(ctx: RequestContext, id: ObjectId): void {
    this.known.delete(conversationKey(ctx, id));
  }

  /** Whether at least half of the trusted time is left. */
  isYoung = ({ askedAtMs }: { askedAtMs: number }): boolean => performance.now() - askedAtMs <= this.trustMs / 2;
}

const numberOf = (row: Row | null, askedAtMs: number): ArchiveNumber => ({
  version: row?.archive_version ?? null,
  seq: row?.archived_seq ?? 0,
  askedAtMs,
});
