import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { ObjectId } from 'bson';
import { LRUCache } from 'lru-cache';
import type { Filter, RequestContext, Stage } from '#caas/kernel';
import { Blocks } from '#caas/domain/users';
import type { ConversationMembership } from '#caas/domain/conversations';
import { UnreadMentions } from '#caas/domain/conversations';
import { visibleFrom } from '#caas/domain/conversations';
import { unreadCountOf, watermarksOf } from '#caas/domain/conversations';
import { MessageArchive } from '../cold-reads/message-archive';
import { HAS_MENTIONS, messages, type Message } from '../store/message.schema';

/** Nobody needs a larger number, and the limit bounds what one query reads. */
export const MOST_UNREAD_MENTIONS = 100;
/** Each conversation is a search of its own within one command. */
const CONVERSATIONS_AT_ONCE = 25;
/** An entry takes 100 to 200 bytes. */
const MAX_KNOWN = 50_000;

/** The users with a block between them and the actor; `key` identifies the set. */
interface Apart {
  ids: ObjectId[];
  key: string;
}

interface Counted {
  _id: ObjectId;
  count: number;
}

/** How often the actor is mentioned in messages that they have not read. */
@Injectable()
export class UnreadMentionsCounter extends UnreadMentions {
  /**
   * The key has every number that a count depends on: a new message takes the next `seq`, a change of a message the next `rev`, and
   * archiving the next `archive_version`. So no entry has to be invalidated.
   */
  private readonly known = new LRUCache<string, number>({ max: MAX_KNOWN });

  constructor(
    private readonly cold: MessageArchive,
    private readonly blocks: Blocks,
  ) {
    super();
  }

  /**
   * Counts by conversation, at most `MOST_UNREAD_MENTIONS` each; a conversation without any is missing. Tombstones, messages hidden
   * from the actor and mentions across a block do not count. Archived mentions across a block do count, because the index does not
   * say who wrote them. Conversations that are read to their end need no query.
   * @param entries the actor's own
   */
  override async in(ctx: RequestContext, entries: ConversationMembership[]): Promise<Map<string, number>> {
    const unread = entries.filter(({ conversation, member }) => unreadCountOf(conversation, member) > 0);
    if (unread.length === 0) return new Map();
    const apart = await this.apartFrom(ctx);
    const counts = new Map<string, number>();
    const missing: ConversationMembership[] = [];
    for (const entry of unread) {
      const count = this.known.get(keyOf(ctx, entry, apart));
      if (count === undefined) missing.push(entry);
      else counts.set(idOf(entry), count);
    }
    const counted = await this.counts(ctx, missing, apart);
    for (const entry of missing) {
      const count = counted.get(idOf(entry)) ?? 0;
      this.known.set(keyOf(ctx, entry, apart), count);
      counts.set(idOf(entry), count);
    }
    return new Map([...counts].filter(([, count]) => count > 0));
  }

  private async apartFrom(ctx: RequestContext): Promise<Apart> {
    const ids = [...(await this.blocks.allOf(ctx, ctx.user.user_id))].sort();
    const key = ids.length === 0 ? '' : createHash('sha256').update(ids.join()).digest('base64url');
    return { ids: ids.map((id) => new ObjectId(id)), key };
  }

  private async counts(
    ctx: RequestContext,
    entries: ConversationMembership[],
    apart: Apart,
  ): Promise<Map<string, number>> {
    const [archived, hot] = partition(entries, isUnreadCold);
    const portions: ConversationMembership[][] = [];
    for (let at = 0; at < hot.length; at += CONVERSATIONS_AT_ONCE) {
      portions.push(hot.slice(at, at + CONVERSATIONS_AT_ONCE));
    }
    const counts = await Promise.all([
      ...portions.map((portion) => this.count(ctx, portion, apart)),
      ...(archived.length > 0 ? [this.countBoth(ctx, archived, apart)] : []),
    ]);
    return new Map(counts.flat());
  }

  /** Merges the numbers of hot and cold messages instead of adding two counts, because a message may be hot and cold for a while. */
  private async countBoth(
    ctx: RequestContext,
    entries: ConversationMembership[],
    apart: Apart,
  ): Promise<[string, number][]> {
    const hot = await Promise.all(
      entries.map((entry) =>
        ctx
          .repository(messages)
          .find(unreadMentionsOf(ctx, entry, apart), { fields: ['seq'], limit: MOST_UNREAD_MENTIONS }),
      ),
    );
    const windows = entries.map((entry) => {
      const { after, upTo } = unreadWindow(entry);
      return { conversationId: entry.conversation._id, after, upTo };
    });
    const cold = await this.cold.mentionSeqs(ctx, ctx.user.user_id, windows);
    return entries.flatMap(({ conversation }, at): [string, number][] => {
      const id = conversation._id.toHexString();
      const { size } = new Set([...hot[at]!.map(({ seq }) => seq), ...(cold.get(id) ?? [])]);
      return size === 0 ? [] : [atMost([id, size])];
    });
  }

  /**
   * One command with a separate search for each conversation, so that the engine reads at most `MOST_UNREAD_MENTIONS` index entries
   * for each. A single search over all conversations would also read the mentions that were read before.
   */
  private async count(
    ctx: RequestContext,
    entries: ConversationMembership[],
    apart: Apart,
  ): Promise<[string, number][]> {
    const [first, ...others] = entries.map((entry) => counting(unreadMentionsOf(ctx, entry, apart)));
    if (!first) return [];
    const rest = others.map((pipeline): Stage => ({ $unionWith: { coll: messages.name, pipeline } }));
    const counted = await ctx.repository(messages).aggregate<Counted>([...first, ...rest]);
    return counted.map(({ _id, count }) => [_id.toHexString(), count]);
  }
}

const idOf = ({ conversation }: ConversationMembership): string => conversation._id.toHexString();

const keyOf = ({ tenantId, user }: RequestContext, entry: ConversationMembership, apart: Apart): string => {
  const { _id, last_seq, rev, archive_version } = entry.conversation;
  const { after } = unreadWindow(entry);
  const numbers = [last_seq, rev, archive_version ?? 0, after];
  return [tenantId, user.user_id.toHexString(), _id.toHexString(), ...numbers, apart.key].join('/');
};

const atMost = ([id, count]: [string, number]): [string, number] => [id, Math.min(count, MOST_UNREAD_MENTIONS)];

function unreadWindow({ conversation, member }: ConversationMembership): { after: number; upTo: number } {
  const after = Math.max(watermarksOf(conversation, member).read_seq, visibleFrom(member, conversation) - 1);
  // The same end as for `unread_count`.
  return { after, upTo: conversation.last_seq };
}

const isUnreadCold = (entry: ConversationMembership): boolean =>
  (entry.conversation.archived_seq ?? 0) > unreadWindow(entry).after;

function partition<T>(all: T[], isFirst: (one: T) => boolean): [T[], T[]] {
  return [all.filter(isFirst), all.filter((one) => !isFirst(one))];
}

function unreadMentionsOf({ user }: RequestContext, entry: ConversationMembership, apart: Apart): Filter<Message> {
  const { after, upTo } = unreadWindow(entry);
  return {
    conversation_id: entry.conversation._id,
    seq: { $gt: after, $lte: upTo },
    $and: [{ 'mentions.user_id': user.user_id }, HAS_MENTIONS],
    ...(apart.ids.length > 0 ? { 'sender.user_id': { $nin: apart.ids } } : {}),
  };
}

const counting = ($match: Filter<Message>): Stage[] => [
  { $match },
  { $limit: MOST_UNREAD_MENTIONS },
  { $group: { _id: '$conversation_id', count: { $sum: 1 } } },
];
