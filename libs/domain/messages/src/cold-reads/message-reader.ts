import { Injectable } from '@nestjs/common';
import { ObjectId as BsonObjectId, type ObjectId } from 'bson';
import { CaasError, type Direction, type Filter, type PageRequest, type RequestContext } from '#caas/kernel';
import { HAS_CHANGED, HAS_MENTIONS, IN_A_THREAD, IS_PINNED, messages, type Message } from '../store/message.schema';
import { archivedMarks } from '../store/archived-mark.schema';
import { ArchiveVersionCache, type ArchiveNumber } from '#caas/domain/conversations';
import { ArchivedMessageMapper } from './archived-message-mapper';
import {
  MessageArchive,
  ArchiveChangedError,
  type ArchivedMessage,
  type ColdConversation,
  type SeqSpan,
} from './message-archive';
import { coldPart, firstByRev, mergedBySeq } from './merging';
import { TenantArchives } from './tenant-archives';

const ATTEMPTS = 4;

/** Messages from `fromSeq` to `upToSeq`, both inclusive, that changed after a `rev`. */
export interface ChangedSpan {
  afterRev: number;
  fromSeq: number;
  upToSeq: number;
  limit: number;
}

/** Hot messages, and the archive of their conversation at the same time. */
interface HotAndCold<T> {
  rows: T;
  number: ArchiveNumber;
  /** Null where nothing was ever archived. */
  cold: ColdConversation | null;
}

/**
 * The only way to read messages that may be in cold storage. Each message is found exactly once, wherever it is, also while it
 * moves to cold storage or back. The hot copy wins, because it may have changed since it was archived. If the hot and the cold read
 * together take longer than `ArchiveVersionCache` trusts an answer, both are repeated.
 */
@Injectable()
export class MessageReader {
  constructor(
    private readonly cold: MessageArchive,
    private readonly numbers: ArchiveVersionCache,
    private readonly tenants: TenantArchives,
    private readonly presenter: ArchivedMessageMapper,
  ) {}

  /** Finds deleted messages too. */
  find(ctx: RequestContext, id: ObjectId): Promise<Message | null> {
    return this.settled(async (attempt) => {
      const hot = await ctx.repository(messages).findById(id, { withDeleted: true });
      if (hot) return hot;
      const [archived] = await this.coldOnes(ctx, [id], attempt);
      if (!archived) return null;
      const [message] = await this.presenter.present(ctx, [archived]);
      return message!;
    });
  }

  /** The messages among `ids` that exist, in no particular order. */
  findMany(ctx: RequestContext, ids: ObjectId[]): Promise<Message[]> {
    if (ids.length === 0) return Promise.resolve([]);
    return this.settled(async (attempt) => {
      const hot = await ctx.repository(messages).find({ _id: { $in: ids } }, { withDeleted: true });
      const known = new Set(hot.map(({ _id }) => _id.toHexString()));
      const missing = ids.filter((id) => !known.has(id.toHexString()));
      if (missing.length === 0) return hot;
      return [...hot, ...(await this.presenter.present(ctx, await this.coldOnes(ctx, missing, attempt)))];
    });
  }

  /** Messages of a conversation, or of one of its threads, by `seq`; deleted ones too. */
  span(ctx: RequestContext, conversationId: ObjectId, span: SeqSpan, threadRootId?: ObjectId): Promise<Message[]> {
    return this.settled(
      async (attempt) => {
        const hot = () => hotSpan(ctx, conversationId, span, threadRootId && inThread(threadRootId));
        const { rows, number, cold } = await this.beside(ctx, conversationId, hot, attempt);
        const part = cold && coldPart(span, rows, number.seq);
        return part ? this.merged(ctx, rows, await cold.span(part, threadRootId), span) : rows;
      },
      this.forgetting(ctx, conversationId),
    );
  }

  /** Pinned messages of a conversation, or of one of its threads, by `seq`. */
  pinned(ctx: RequestContext, conversationId: ObjectId, span: SeqSpan, threadRootId?: ObjectId): Promise<Message[]> {
    return this.settled(
      async (attempt) => {
        const also = threadRootId ? { $and: [IS_PINNED, { thread_root_id: threadRootId }, IN_A_THREAD] } : IS_PINNED;
        const hot = () => hotSpan(ctx, conversationId, span, also);
        const { rows, cold } = await this.beside(ctx, conversationId, hot, attempt);
        if (!cold) return rows;
        const marks = await ctx.repository(archivedMarks).find(spanFilter(conversationId, span, IS_PINNED), {
          sort: order(span.direction),
          // No limit for a thread: a mark does not name its thread, and a thread has few pinned messages.
          ...(threadRootId ? {} : { limit: span.limit }),
        });
        const ids = await this.notHot(
          ctx,
          marks.map(({ _id }) => _id),
        );
        const archived = await this.cold.find(ctx, ids);
        const own = archived.filter(({ message }) => !threadRootId || message.thread_root_id?.equals(threadRootId));
        return this.merged(ctx, rows, own, span);
      },
      this.forgetting(ctx, conversationId),
    );
  }

  /** Messages that changed after a `rev`, lowest `rev` first; deleted ones too. */
  changedAfter(ctx: RequestContext, conversation_id: ObjectId, wanted: ChangedSpan): Promise<Message[]> {
    const { afterRev, limit } = wanted;
    const changed = { conversation_id, rev: { $gt: afterRev }, ...seqsOf(wanted) };
    // The index over revs is partial: it holds only messages that changed.
    const changedHot = { $and: [changed, HAS_CHANGED] };
    const byRev = { sort: { rev: 1 }, limit, withDeleted: true } as const;
    return this.settled(
      async (attempt) => {
        const hot = () => ctx.repository(messages).find(changedHot, byRev);
        const { rows, cold } = await this.beside(ctx, conversation_id, hot, attempt);
        if (!cold) return rows;
        const marked = await ctx.repository(archivedMarks).find({ ...changed, changes: { $gt: 0 } }, byRev);
        const ids = await this.notHot(
          ctx,
          marked.map(({ _id }) => _id),
        );
        const moved = await this.presenter.present(ctx, await this.cold.find(ctx, ids));
        const asArchived = await this.unmarked(ctx, cold, wanted);
        return firstByRev([...rows, ...moved, ...asArchived], limit);
      },
      this.forgetting(ctx, conversation_id),
    );
  }

  /** Messages that mention a user in these conversations, by id; one more than the page has room for. */
  mentioning(ctx: RequestContext, userId: ObjectId, ids: ObjectId[], request: PageRequest): Promise<Message[]> {
    return this.settled(async (attempt) => {
      const limit = request.limit + 1;
      const backward = request.direction === 'backward';
      const named = { $and: [{ 'mentions.user_id': userId }, HAS_MENTIONS], conversation_id: { $in: ids } };
      const startedAtMs = performance.now();
      // `page` cuts its result to the limit. We need one more than the caller's page, so the limit is one higher.
      const { data: rows } = await ctx.repository(messages).page(named, { ...request, limit });
      const known = await this.tenants.hasAny(ctx);
      this.requireFresh(Math.min(startedAtMs, known.askedAtMs), attempt);
      if (!known.any) return rows;
      const [above, below] = backward ? [null, request.cursor] : [request.cursor, null];
      const span = {
        conversationIds: ids,
        above: idOf(above),
        below: idOf(below),
        direction: request.direction,
        limit,
      };
      const found = await this.cold.mentioning(ctx, userId, span);
      const cold = hexes(await this.notHot(ctx, idsOf(found)));
      const own = found.filter(({ message }) => cold.has(message._id.toHexString()));
      const all = [...rows, ...(await this.presenter.present(ctx, own))];
      const sign = backward ? -1 : 1;
      return all.sort((a, b) => (a._id.toHexString() < b._id.toHexString() ? -sign : sign)).slice(0, limit);
    });
  }

  /** The ids whose messages are not hot. */
  async notHot(ctx: RequestContext, ids: ObjectId[]): Promise<ObjectId[]> {
    if (ids.length === 0) return [];
    const hot = await ctx.repository(messages).find({ _id: { $in: ids } }, { fields: ['_id'], withDeleted: true });
    const known = new Set(hot.map(({ _id }) => _id.toHexString()));
    return ids.filter((id) => !known.has(id.toHexString()));
  }

  /** Messages as they were archived, without those that changed since: their current `rev` differs from the archived one. */
  private async unmarked(
    ctx: RequestContext,
    cold: ColdConversation,
    { afterRev, fromSeq, upToSeq, limit }: ChangedSpan,
  ): Promise<Message[]> {
    const kept: Message[] = [];
    for (let after = afterRev; kept.length < limit;) {
      const found = await cold.changedAfter(after, fromSeq, upToSeq, limit);
      const left = hexes(await this.notHot(ctx, idsOf(found)));
      const own = found.filter(({ message }) => left.has(message._id.toHexString()));
      const presented = await this.presenter.present(ctx, own);
      kept.push(...presented.filter((message, at) => message.rev === own[at]!.message.rev));
      if (found.length < limit) break;
      after = found.at(-1)!.message.rev;
    }
    return kept;
  }

  private async merged(ctx: RequestContext, hot: Message[], archived: ArchivedMessage[], span: SeqSpan) {
    const { kept, cold } = mergedBySeq(hot, archived, span);
    const presented = await this.presenter.present(ctx, cold);
    const bySeq = new Map(presented.map((message) => [message.seq, message]));
    return kept.map((each) => ('message' in each ? bySeq.get(each.message.seq)! : each));
  }

  private async coldOnes(ctx: RequestContext, ids: ObjectId[], attempt: number): Promise<ArchivedMessage[]> {
    const startedAtMs = performance.now();
    const known = await this.tenants.hasAny(ctx);
    const archived = known.any ? await this.cold.find(ctx, ids) : [];
    if (archived.length < ids.length) this.requireFresh(Math.min(startedAtMs, known.askedAtMs), attempt);
    return archived;
  }

  private async beside<T>(
    ctx: RequestContext,
    id: ObjectId,
    hot: () => Promise<T>,
    attempt: number,
  ): Promise<HotAndCold<T>> {
    const startedAtMs = performance.now();
    if (attempt === ATTEMPTS || ctx.connection.inTransaction) {
      // Earlier attempts were too slow, or a transaction reads one by one. With the hot read first, a message that is being
      // archived is not missed.
      const rows = await hot();
      return { rows, ...(await this.open(ctx, id, await this.numbers.ask(ctx, id))) };
    }
    const asked = attempt === 1 ? this.numbers.of(ctx, id) : this.numbers.ask(ctx, id);
    const [rows, opened] = await Promise.all([hot(), asked.then((number) => this.open(ctx, id, number))]);
    this.requireFresh(Math.min(startedAtMs, opened.number.askedAtMs), attempt);
    return { rows, ...opened };
  }

  private async open(ctx: RequestContext, id: ObjectId, number: ArchiveNumber) {
    return { number, cold: number.version === null ? null : await this.cold.open(ctx, id, number.version) };
  }

  private requireFresh(askedAtMs: number, attempt: number): void {
    if (attempt < ATTEMPTS && !this.numbers.isFresh({ askedAtMs })) throw new ArchiveChangedError();
  }

  private forgetting = (ctx: RequestContext, id: ObjectId) => () => this.numbers.forget(ctx, id);

  /** @throws CaasError `archive_unavailable` (503) */
  private async settled<T>(work: (attempt: number) => Promise<T>, again = () => {}): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await work(attempt);
      } catch (error) {
        if (!(error instanceof ArchiveChangedError)) throw error;
        if (attempt === ATTEMPTS) throw unavailable(error);
        again();
      }
    }
  }
}

const unavailable = (cause: unknown) =>
  new CaasError('unavailable', 'archive_unavailable', 'Older messages cannot be read right now.', [], {
    cause,
    retryAfterSeconds: 5,
  });

const idOf = (hex: string | null): ObjectId | null => (hex === null ? null : new BsonObjectId(hex));
const hexes = (ids: ObjectId[]): Set<string> => new Set(ids.map((id) => id.toHexString()));
const idsOf = (archived: ArchivedMessage[]): ObjectId[] => archived.map(({ message }) => message._id);
const order = (direction: Direction) => ({ seq: direction === 'backward' ? -1 : 1 }) as const;

/** The index over threads is partial: it holds only messages in a thread. */
const inThread = (thread_root_id: ObjectId): Filter<Message> => ({ $and: [{ thread_root_id }, IN_A_THREAD] });

const spanFilter = (conversation_id: ObjectId, { from, to }: SeqSpan, also: object = {}) => ({
  conversation_id,
  ...also,
  ...seqsOf({ fromSeq: from, upToSeq: to }),
});

function seqsOf({ fromSeq, upToSeq }: Pick<ChangedSpan, 'fromSeq' | 'upToSeq'>) {
  const seq = { ...(fromSeq > 1 ? { $gte: fromSeq } : {}), ...(upToSeq < Infinity ? { $lte: upToSeq } : {}) };
  return Object.keys(seq).length > 0 ? { seq } : {};
}

function hotSpan(ctx: RequestContext, id: ObjectId, span: SeqSpan, also?: object): Promise<Message[]> {
  const { direction, limit } = span;
  return ctx
    .repository(messages)
    .find(spanFilter(id, span, also), { sort: order(direction), limit, withDeleted: true });
}
