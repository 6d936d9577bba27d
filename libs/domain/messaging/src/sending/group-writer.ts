import { Injectable } from '@nestjs/common';
import { ObjectId as BsonObjectId, type ObjectId } from 'bson';
import { Clock, type NewDocument, type RequestContext, type UserReference, type WriteOperation } from '#caas/kernel';
import { members, type Member } from '#caas/domain/groups';
import { MessageQuota, monthOf, type CheckSent } from '#caas/domain/usage';
import { ModerationCases } from '../moderation/moderation-cases';
import { previewOf } from '../messages/preview';
import { conversations, type Conversation } from '../persistence/conversation.schema';
import { messages, type Message } from '../persistence/message.schema';
import { archivedSends } from '../persistence/archived-send.schema';
import { MessageReader } from '../archived/message-reader';
import { ThreadRoots, threadGrowths, type ThreadGrowth } from '../threads/thread-roots';
import { CounterMemory, type Counters } from './counter-memory';
import type { Draft, SendKey } from './draft';

/** A message as it was stored. */
export interface Written {
  message: Message;
  /** The root of its thread, which the transaction moved on; with the last of several replies to it. */
  root: Message | null;
}

/** The group met other writers again and again: its conversations had better go each for itself. */
export class ContendedGroup extends Error {}

const ATTEMPTS_TOGETHER = 3;
/** More senders than this in a conversation's own row, and they move to the rows of the members. */
const MAX_RECENT_SENDERS = 64;
const COUNTER_FIELDS: (keyof Counters)[] = ['type', 'created_by_id', 'last_seq', 'rev', 'sent_seqs', 'archive_version'];

/** One of a group was sent before, and is archived by now: `find` knows it. */
class SentBefore extends Error {}

/** What was remembered of a conversation is no longer so. */
class StaleMemory extends Error {}

/** Writes sends of one tenant in one transaction, and finds again what was written. */
@Injectable()
export class GroupWriter {
  constructor(
    private readonly memory: CounterMemory,
    private readonly cases: ModerationCases,
    private readonly threads: ThreadRoots,
    private readonly reader: MessageReader,
    private readonly quota: MessageQuota,
    private readonly clock: Clock,
  ) {}

  /**
   * One transaction: the counters grow in the order of ids (so that two processes never wait for each other crosswise) from
   * the `rev` that this process remembers or has just read, and number the messages. Snapshot isolation lets only one of two
   * writers of a counter commit, and the unique index on `seq` says so once more.
   * The roots of threads that are replied in move on in the same transaction, each with a `rev` of its own.
   * @returns the messages, in the order of `drafts`; null where the conversation is gone
   * @throws ContendedGroup for a group of several conversations, of which another process holds one
   * @throws DuplicateKeyError, or SentBefore, when one of the messages is there already, and CaasError `quota_exceeded` (402) when
   *   they are too many for the month; nothing is written then
   */
  async write(ctx: RequestContext, drafts: Draft[]): Promise<(Written | null)[]> {
    const groups = groupByConversation(drafts);
    const ids = groups.map(({ id }) => id);
    const remembered = this.memory.recall(ctx, ids);
    const attempt = (from: Counters[] | null) =>
      this.quota.sending(ctx, (check) => this.attempt(ctx, drafts, groups, from, check));
    try {
      return await attempt(remembered);
    } catch (error) {
      this.memory.forget(ctx, ids);
      if (!remembered || !(error instanceof StaleMemory)) throw error;
      this.memory.compare(ctx, remembered, await readCounters(ctx, ids));
      return await attempt(null);
    }
  }

  private async attempt(
    ctx: RequestContext,
    drafts: Draft[],
    groups: Group[],
    remembered: Counters[] | null,
    check: CheckSent,
  ): Promise<(Written | null)[]> {
    let attempts = 0;
    const { advances, written, roots } = await ctx.transaction(async (tx) => {
      attempts += 1;
      if (attempts > ATTEMPTS_TOGETHER && groups.length > 1) throw new ContendedGroup();
      // Again after a conflict: somebody else writes to one of them.
      if (attempts > 1 && remembered) throw new StaleMemory();
      const counters =
        remembered ??
        (await readCounters(
          tx,
          groups.map(({ id }) => id),
        ));
      const now = this.clock.now();
      const advances = advancesOf(groups, counters, now);
      await this.requireUnsent(tx, advances);
      await tx.repository(members).bulkWrite(advances.flatMap(watermarksToMove));
      const { matched } = await tx.repository(conversations).bulkWrite(advances.map(growthOf));
      if (matched !== advances.length) throw new StaleMemory();
      const written = await tx.repository(messages).insertMany(advances.flatMap(({ documents }) => documents));
      await this.cases.flag(tx, flaggedAmong(drafts, written));
      const roots = await this.moveRoots(tx, advances);
      // Last, because near the quota all processes write to the same row: it is held for the shortest time.
      if (written.length > 0) await check(tx, written.length, now);
      return { advances, written, roots };
    });
    for (const advance of advances) this.memory.keep(ctx, countersAfter(advance));
    const byId = new Map(written.map((message) => [message._id, { message, root: roots.get(message._id) ?? null }]));
    return drafts.map(({ _id }) => byId.get(_id) ?? null);
  }

  /** What was stored for each of these before, tombstones included; null where nothing was. */
  async find(ctx: RequestContext, sends: SendKey[]): Promise<(Message | null)[]> {
    const same = sends.map(({ conversation_id, sender, client_message_id }) => ({
      conversation_id,
      'sender.user_id': sender.user_id,
      client_message_id,
    }));
    const [only] = same;
    if (!only) return [];
    const found = await ctx.repository(messages).find(same.length === 1 ? only : { $or: same }, { withDeleted: true });
    if (found.length < sends.length) found.push(...(await this.findArchived(ctx, sends)));
    const byKey = new Map(found.map((message) => [keyOf(message), message]));
    return sends.map((send) => byKey.get(keyOf(send)) ?? null);
  }

  private async findArchived(ctx: RequestContext, sends: SendKey[]): Promise<Message[]> {
    const rows = await ctx.repository(archivedSends).find({ $or: sends.map(archivedSendOf) }, { fields: ['_id'] });
    return this.reader.findMany(
      ctx,
      rows.map(({ _id }) => _id),
    );
  }

  /** Where messages were archived, the unique index over what is hot does not know all that was sent. */
  private async requireUnsent(tx: RequestContext, advances: Advance[]): Promise<void> {
    const archived = advances.filter(({ conversation }) => (conversation.archive_version ?? null) !== null);
    if (archived.length === 0) return;
    const sends = archived.flatMap(({ documents }) => documents).map(archivedSendOf);
    const sent = await tx.repository(archivedSends).findOne({ $or: sends }, { fields: ['_id'] });
    if (sent) throw new SentBefore();
  }

  /** What moved, under the last of the messages that moved it. */
  private async moveRoots(tx: RequestContext, advances: Advance[]): Promise<Map<ObjectId, Message>> {
    const moved = new Map<ObjectId, Message>();
    for (const { documents, threads } of advances) {
      for (const thread of threads) {
        const root = await this.threads.addReplies(tx, thread);
        const last = documents.findLast(({ thread_root_id }) => thread_root_id?.equals(thread.rootId));
        if (root && last) moved.set(last._id, root);
      }
    }
    return moved;
  }
}

const archivedSendOf = ({ conversation_id, sender, client_message_id }: Omit<SendKey, 'request_hash'>) => ({
  conversation_id,
  sender_id: sender.user_id,
  client_message_id,
});

/** The same for two sends exactly when their client means them to be one. */
export const keyOf = ({ conversation_id, sender, client_message_id }: Omit<SendKey, 'request_hash'>): string =>
  `${conversation_id.toHexString()}:${sender.user_id.toHexString()}:${client_message_id}`;

interface Group {
  id: ObjectId;
  drafts: Draft[];
}

interface Advance {
  conversation: Counters;
  documents: (NewDocument<Message> & Pick<Message, '_id' | 'created_at'>)[];
  /** By sender: the `seq` of their newest message here. */
  sent: Record<string, number>;
  threads: ThreadGrowth[];
}

/** In the order of ids. */
function groupByConversation(drafts: Draft[]): Group[] {
  const groups = new Map<string, Group>();
  for (const draft of drafts) {
    const key = draft.conversation_id.toHexString();
    const group = groups.get(key);
    if (group) group.drafts.push(draft);
    else groups.set(key, { id: draft.conversation_id, drafts: [draft] });
  }
  return [...groups.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, group]) => group);
}

function readCounters(ctx: RequestContext, ids: ObjectId[]): Promise<Counters[]> {
  const _id = ids.length === 1 ? ids[0] : { $in: ids };
  return ctx.repository(conversations).find({ _id }, { fields: COUNTER_FIELDS });
}

/** @param created_at of the message, of its preview in the inbox, and for the month in which it counts */
function advancesOf(groups: Group[], counters: Counters[], created_at: Date): Advance[] {
  const byId = new Map(counters.map((conversation) => [conversation._id.toHexString(), conversation]));
  return groups.flatMap(({ id, drafts }) => {
    const conversation = byId.get(id.toHexString());
    if (!conversation) return [];
    const { last_seq, rev } = conversation;
    const documents = drafts.map(({ flagged: _, ...draft }, at) => {
      const ownRev = rev + at + 1;
      return { ...draft, created_at, seq: last_seq + at + 1, rev: ownRev, created_rev: ownRev };
    });
    const threads = threadGrowths(drafts, rev + documents.length + 1);
    const sent = Object.fromEntries(documents.map(({ sender, seq }) => [sender.user_id.toHexString(), seq]));
    return [{ conversation, documents, sent, threads }];
  });
}

function flaggedAmong(drafts: Draft[], written: Message[]): Message[] {
  const ids = new Set(drafts.filter(({ flagged }) => flagged).map(({ _id }) => _id));
  return ids.size === 0 ? [] : written.filter(({ _id }) => ids.has(_id));
}

function countersAfter({ conversation, documents, sent, threads }: Advance): Counters {
  return {
    ...conversation,
    last_seq: conversation.last_seq + documents.length,
    rev: conversation.rev + documents.length + threads.length,
    sent_seqs: isFull(conversation, sent) ? sent : { ...conversation.sent_seqs, ...sent },
  };
}

function growthOf({ conversation, documents, sent, threads }: Advance): WriteOperation<Conversation> {
  const { _id, sender, type, text, poll, created_at } = documents.at(-1)!;
  const last_message = {
    id: _id,
    sender_id: sender.user_id,
    type,
    text: previewOf({ text, poll }),
    created_at,
  };
  const sentSeqs = isFull(conversation, sent)
    ? { sent_seqs: sent }
    : Object.fromEntries(Object.entries(sent).map(([userId, seq]) => [`sent_seqs.${userId}`, seq]));
  return {
    updateOne: {
      // Archiving takes no rev, but a send must know of it: see `requireUnsent`.
      filter: {
        _id: conversation._id,
        rev: conversation.rev,
        archive_version: conversation.archive_version ?? null,
      },
      update: {
        $inc: {
          last_seq: documents.length,
          [`sent.${monthOf(created_at)}`]: documents.length,
          rev: documents.length + threads.length,
        },
        $set: { last_message, last_activity_at: created_at, ...newestSender(conversation, sender), ...sentSeqs },
      },
    },
  };
}

/** Those who are not among the row's `people` for good have the second place there. */
function newestSender({ type, created_by_id }: Counters, sender: UserReference): { 'people.1'?: UserReference } {
  return type === 'direct' || created_by_id.equals(sender.user_id) ? {} : { 'people.1': sender };
}

/** What the conversation's own row has no room for any more, in the order of members. */
function watermarksToMove({ conversation, sent }: Advance): WriteOperation<Member>[] {
  if (!isFull(conversation, sent)) return [];
  return Object.entries(conversation.sent_seqs)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([userId, seq]) => ({
      updateOne: {
        filter: { conversation_id: conversation._id, 'user.user_id': new BsonObjectId(userId) },
        update: { $max: { read_seq: seq, delivered_seq: seq } },
      },
    }));
}

const isFull = ({ sent_seqs }: Counters, sent: Record<string, number>): boolean =>
  Object.keys({ ...sent_seqs, ...sent }).length > MAX_RECENT_SENDERS;
