import { Injectable } from '@nestjs/common';
import type { ObjectId } from 'bson';
import type { RequestContext } from '#caas/kernel';
import { ConversationFolds } from '#caas/domain/conversations';
import { archivedMarks } from '../store/archived-mark.schema';
import { archivedSends } from '../store/archived-send.schema';
import { conversations } from '#caas/domain/conversations';
import { messageVersions } from '../store/message-version.schema';
import { deleteRowsOf, insertRowsOf, rowsOf } from '../kinds/kind-rows';
import { messages, type Message } from '../store/message.schema';
import { reactions } from '../store/reaction.schema';
import { searchEntries } from '../store/search-entry.schema';
import type { ArchivedMessage } from '../cold-reads/message-archive';
import type { ArchivableConversation, FrozenMessage, FrozenSpan, HotMessage, RetainedState } from './frozen-messages';

const DAY_MS = 24 * 60 * 60_000;
/** Clients may repeat a send for 30 days. We keep two days more, because clocks differ. */
const SENDS_KEPT_MS = 32 * DAY_MS;
const ROWS_AT_ONCE = 1_000;

/** Reads and writes the hot collections for the jobs that move messages to cold storage and back. It checks no permission. */
@Injectable()
export class ArchivableMessages {
  constructor(private readonly folds: ConversationFolds) {}

  /** Conversations with an id above `after`, in the order of ids; deleted ones too. */
  conversations(ctx: RequestContext, after: ObjectId | null, limit: number): Promise<ArchivableConversation[]> {
    return ctx.repository(conversations).find(after === null ? {} : { _id: { $gt: after } }, {
      sort: { _id: 1 },
      limit,
      withDeleted: true,
      fields: ['last_seq', 'archive_version', 'archived_seq'],
    });
  }

  async conversation(ctx: RequestContext, id: ObjectId): Promise<ArchivableConversation | null> {
    const [found] = await ctx
      .repository(conversations)
      .find({ _id: id }, { withDeleted: true, fields: ['last_seq', 'archive_version', 'archived_seq'], limit: 1 });
    return found ?? null;
  }

  /** When the oldest hot message after `seq` was sent; null when there is none. */
  async oldest(ctx: RequestContext, conversation_id: ObjectId, seq = 0): Promise<Date | null> {
    const [found] = await ctx
      .repository(messages)
      .find(
        { conversation_id, seq: { $gt: seq } },
        { sort: { seq: 1 }, limit: 1, withDeleted: true, fields: ['created_at'] },
      );
    return found?.created_at ?? null;
  }

  /** Counts the hot messages sent before `before`, deleted ones too. */
  countBefore(ctx: RequestContext, conversation_id: ObjectId, before: Date): Promise<number> {
    return ctx.repository(messages).count({ conversation_id, created_at: { $lt: before } }, { withDeleted: true });
  }

  /** Folds the conversation and returns its `last_seq`. Messages above it must stay hot. */
  async foldedUpTo(ctx: RequestContext, conversationId: ObjectId): Promise<number> {
    return (await this.folds.fold(ctx, conversationId))?.last_seq ?? 0;
  }

  /** Whole messages with `after` < `seq` <= `upTo`, by `seq`, as BSON; deleted ones too. */
  encodedAfter(
    ctx: RequestContext,
    conversation_id: ObjectId,
    { after, upTo, limit }: { after: number; upTo: number; limit: number },
  ): Promise<Uint8Array[]> {
    return ctx
      .repository(messages)
      .findEncoded(
        { conversation_id, seq: { $gt: after, $lte: upTo } },
        { sort: { seq: 1 }, limit, withDeleted: true },
      );
  }

  /** All messages of a conversation by `seq`, tombstones too, each with its reactions, rows and versions. */
  async *wholeOf(ctx: RequestContext, conversation_id: ObjectId): AsyncIterable<ArchivedMessage[]> {
    for (let after = 0; ;) {
      const some = await ctx
        .repository(messages)
        .find({ conversation_id, seq: { $gt: after } }, { sort: { seq: 1 }, limit: ROWS_AT_ONCE, withDeleted: true });
      if (some.length > 0) yield this.withParts(ctx, some);
      if (some.length < ROWS_AT_ONCE) return;
      after = some.at(-1)!.seq;
    }
  }

  /**
   * Adds reactions, rows and versions, which are read after the messages. One that is added in between raises its message's `__v`,
   * so `prune` leaves that message.
   */
  async withParts(ctx: RequestContext, found: Message[]): Promise<ArchivedMessage[]> {
    const among = (some: Message[]) => ({ message_id: { $in: some.map(({ _id }) => _id) } });
    const byMessage = <T extends { message_id: ObjectId }>(rows: T[]) =>
      Map.groupBy(rows, ({ message_id }) => message_id.toHexString());
    const reacted = found.filter(({ reaction_counts }) => Object.keys(reaction_counts).length > 0);
    const edited = found.filter(mayHaveVersions);
    const all = { sort: { _id: 1 }, withDeleted: true } as const;
    const [ownReactions, ownRows, ownVersions] = await Promise.all([
      reacted.length > 0 ? ctx.repository(reactions).find(among(reacted), all) : [],
      rowsOf(ctx, found, {}, all),
      edited.length > 0 ? ctx.repository(messageVersions).find(among(edited), all) : [],
    ]);
    const [r, k, v] = [byMessage(ownReactions), byMessage(ownRows), byMessage(ownVersions)];
    return found.map((message) => {
      const id = message._id.toHexString();
      return { message, reactions: r.get(id) ?? [], rows: k.get(id) ?? [], versions: v.get(id) ?? [] };
    });
  }

  /** True when clients no longer repeat sends from that time. */
  isPastRepeating(created_at: Date, now: Date): boolean {
    return created_at.getTime() < now.getTime() - SENDS_KEPT_MS;
  }

  /** The state of these messages that must stay hot at `now`. */
  retainedStateOf(some: Message[], now: Date): RetainedState {
    return {
      marks: some.filter(({ pinned_at, reply_count }) => pinned_at !== null || reply_count > 0),
      sends: some
        .filter(({ created_at }) => !this.isPastRepeating(created_at, now))
        .map(({ _id, conversation_id, sender, client_message_id, created_at }) => ({
          _id,
          conversation_id,
          sender,
          client_message_id,
          created_at,
        })),
    };
  }

  /** Call it in the transaction that seals a segment. It stores what stays hot and raises `archive_version`. */
  async sealed(
    tx: RequestContext,
    conversationId: ObjectId,
    { marks, sends }: RetainedState,
    lastSeq: number,
  ): Promise<void> {
    await this.changed(tx, conversationId, lastSeq);
    for (const some of portions(marks)) {
      await tx.repository(archivedMarks).bulkWrite(
        some.map(({ _id, conversation_id, seq, rev, reply_count, last_repliers, pinned_at }) => ({
          updateOne: {
            filter: { _id },
            update: {
              $set: { conversation_id, seq, rev, reply_count, last_repliers, pinned_at, changes: 0, changed_at: null },
            },
            upsert: true,
          },
        })),
      );
    }
    for (const some of portions(sends)) {
      await tx.repository(archivedSends).bulkWrite(
        some.map(({ _id, conversation_id, sender, client_message_id, created_at }) => ({
          updateOne: {
            filter: { _id },
            update: {
              $set: {
                conversation_id,
                sender_id: sender.user_id,
                client_message_id,
                expires_at: new Date(created_at.getTime() + SENDS_KEPT_MS),
              },
            },
            upsert: true,
          },
        })),
      );
    }
  }

  /** Call it in the transaction that changes what cold storage holds of the conversation. It raises `archive_version`. */
  async changed(tx: RequestContext, conversationId: ObjectId, archivedSeq = 0): Promise<void> {
    const known = { _id: conversationId, archive_version: { $gt: 0 } };
    const first = { _id: conversationId, archive_version: null };
    const $max = { archived_seq: archivedSeq };
    await tx
      .repository(conversations)
      .bulkWrite([
        { updateOne: { filter: known, update: { $inc: { archive_version: 1 }, $max }, withDeleted: true } },
        { updateOne: { filter: first, update: { $set: { archive_version: 1 }, $max }, withDeleted: true } },
      ]);
  }

  /**
   * Deletes the messages that still have their frozen version, with search entries, reactions, rows and versions, in one
   * transaction.
   * @returns how many messages it deleted
   */
  async prune(tx: RequestContext, span: FrozenSpan): Promise<number> {
    const versions = new Map(span.messages.map(({ _id, __v }) => [_id.toHexString(), __v]));
    const found = await tx
      .repository(messages)
      .find(within(span), { withDeleted: true, fields: ['__v', 'type', 'reaction_counts', 'edited_at', 'deleted_at'] });
    const isSame = ({ _id, __v }: Message) => versions.get(_id.toHexString()) === __v;
    const same = found.filter(isSame);
    if (same.length === 0) return 0;
    const othersVersions = new Set(found.filter((each) => !isSame(each)).map(({ __v }) => __v));
    let deleted = 0;
    for (const [__v, group] of Map.groupBy(same, (message) => message.__v)) {
      // Deletes all messages of this version in the span: naming the span costs the engine half as much as naming each id.
      const which = othersVersions.has(__v) ? { _id: { $in: idsOf(group) } } : within(span);
      deleted += await tx.repository(messages).deleteMany({ ...which, __v });
    }
    // A concurrent change of one of these messages conflicts with this transaction.
    if (deleted !== same.length) throw new Error('Messages changed within the transaction that deletes them.');
    await tx.repository(searchEntries).deleteMany({ _id: { $in: idsOf(same) } });
    const reacted = same.filter(({ reaction_counts }) => Object.keys(reaction_counts).length > 0);
    if (reacted.length > 0) await tx.repository(reactions).deleteMany({ message_id: { $in: idsOf(reacted) } });
    await deleteRowsOf(tx, same);
    const edited = same.filter(mayHaveVersions);
    if (edited.length > 0) await tx.repository(messageVersions).deleteMany({ message_id: { $in: idsOf(edited) } });
    return deleted;
  }

  /** The frozen messages of a span that are still hot, each with its current version. */
  async leftOf(ctx: RequestContext, span: FrozenSpan): Promise<HotMessage[]> {
    const frozen = new Set(span.messages.map(({ _id }) => _id.toHexString()));
    const found = await ctx.repository(messages).find(within(span), { withDeleted: true, fields: ['__v', 'seq'] });
    return found.filter(({ _id }) => frozen.has(_id.toHexString()));
  }

  /** The messages of `frozen` that are hot, each with its current version. */
  async left(ctx: RequestContext, frozen: FrozenMessage[]): Promise<FrozenMessage[]> {
    const left: FrozenMessage[] = [];
    for (const some of portions(frozen)) {
      const which = { _id: { $in: idsOf(some) } };
      left.push(...(await ctx.repository(messages).find(which, { withDeleted: true, fields: ['__v'] })));
    }
    return left;
  }

  /** Conversation, `seq`, sender and version of the frozen messages that are hot. */
  named(ctx: RequestContext, frozen: FrozenMessage[]): Promise<Message[]> {
    return ctx
      .repository(messages)
      .find(
        { _id: { $in: idsOf(frozen) } },
        { withDeleted: true, fields: ['conversation_id', 'seq', 'sender', '__v'] },
      );
  }

  /** Deletes the archive's side rows of messages that are hot and stay hot. */
  async forgetRemains(tx: RequestContext, ids: ObjectId[]): Promise<void> {
    await tx.repository(archivedMarks).deleteMany({ _id: { $in: ids } });
    await tx.repository(archivedSends).deleteMany({ _id: { $in: ids } });
  }

  /**
   * Inserts archived messages again, with the changes in their marks. Messages that are hot are left alone.
   * @returns how many it inserted
   */
  async restore(tx: RequestContext, archived: ArchivedMessage[]): Promise<number> {
    const ids = archived.map(({ message }) => message._id);
    const hot = new Set(
      (
        await this.left(
          tx,
          archived.map(({ message }) => message),
        )
      ).map(({ _id }) => _id.toHexString()),
    );
    const marks = await tx.repository(archivedMarks).find({ _id: { $in: ids }, changes: { $gt: 0 } });
    const marked = new Map(marks.map((mark) => [mark._id.toHexString(), mark]));
    const back = archived.filter(({ message }) => !hot.has(message._id.toHexString()));
    await tx.repository(messages).insertWhole(
      back.map(({ message }) => {
        const mark = marked.get(message._id.toHexString());
        if (!mark) return message;
        const { rev, reply_count, last_repliers, pinned_at, changes, changed_at } = mark;
        const updated_at = changed_at ?? message.updated_at;
        return { ...message, rev, reply_count, last_repliers, pinned_at, updated_at, __v: message.__v + changes };
      }),
    );
    await tx.repository(reactions).insertWhole(back.flatMap((each) => each.reactions));
    await insertRowsOf(tx, back);
    await tx.repository(messageVersions).insertWhole(back.flatMap((each) => each.versions));
    await this.forgetRemains(tx, ids);
    return back.length;
  }
}

const within = ({ conversationId, firstSeq, lastSeq }: FrozenSpan) => ({
  conversation_id: conversationId,
  seq: { $gte: firstSeq, $lte: lastSeq },
});

/** A tombstone has versions where a legal hold keeps its content. */
const mayHaveVersions = ({ edited_at, deleted_at }: Pick<Message, 'edited_at' | 'deleted_at'>): boolean =>
  edited_at !== null || deleted_at !== null;

const idsOf = (some: { _id: ObjectId }[]): ObjectId[] => some.map(({ _id }) => _id);

function* portions<T>(all: T[]): Iterable<T[]> {
  for (let at = 0; at < all.length; at += ROWS_AT_ONCE) yield all.slice(at, at + ROWS_AT_ONCE);
}
