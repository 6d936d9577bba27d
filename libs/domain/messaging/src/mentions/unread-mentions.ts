import { Injectable } from '@nestjs/common';
import type { ObjectId } from 'bson';
import type { Filter, RequestContext } from '#caas/kernel';
import type { Entry } from '../conversations/conversation-access';
import { visibleFrom } from '../conversations/visibility';
import { unreadCountOf, watermarksOf } from '../conversations/watermarks';
import { ColdMessages } from '../archived/cold-messages';
import { HAS_MENTIONS, messages, type Message } from '../persistence/message.schema';

/** Nobody reads a larger number; and it bounds what one query looks at. */
export const MOST_UNREAD_MENTIONS = 100;
const CONVERSATIONS_AT_ONCE = 100;

interface Counted {
  _id: ObjectId;
  count: number;
}

/** How often the actor is called by name in what they have not read. */
@Injectable()
export class UnreadMentions {
  constructor(private readonly cold: ColdMessages) {}

  /**
   * By conversation, up to `MOST_UNREAD_MENTIONS`; where there are none, it is missing. Tombstones do not count, nor what is
   * hidden from the actor. Asks nothing about what is read to its end.
   * @param entries the actor's own
   */
  async in(ctx: RequestContext, entries: Entry[]): Promise<Map<string, number>> {
    const unread = entries.filter(({ conversation, member }) => unreadCountOf(conversation, member) > 0);
    const [archived, hot] = partition(unread, isUnreadCold);
    const portions: Entry[][] = [];
    for (let at = 0; at < hot.length; at += CONVERSATIONS_AT_ONCE) {
      portions.push(hot.slice(at, at + CONVERSATIONS_AT_ONCE));
    }
    const counts = await Promise.all([
      ...portions.map((portion) => this.count(ctx, portion)),
      ...(archived.length > 0 ? [this.countBoth(ctx, archived)] : []),
    ]);
    return new Map(counts.flat());
  }

  /** Where some of it is archived, numbers are put together and not counts: a message may be hot and cold for a while. */
  private async countBoth(ctx: RequestContext, entries: Entry[]): Promise<[string, number][]> {
    const hot = await Promise.all(
      entries.map((entry) =>
        ctx.repository(messages).find(unreadMentionsOf(ctx, [entry]), { fields: ['seq'], limit: MOST_UNREAD_MENTIONS }),
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
   * One query, of as many rows as all of them together can show. Where these are used up, one conversation or more is at its
   * most, and the others may have been left out: they are asked about again, without it.
   */
  private async count(ctx: RequestContext, entries: Entry[]): Promise<[string, number][]> {
    const limit = MOST_UNREAD_MENTIONS * entries.length;
    const found = await ctx
      .repository(messages)
      .aggregate<Counted>([
        { $match: unreadMentionsOf(ctx, entries) },
        { $limit: limit },
        { $group: { _id: '$conversation_id', count: { $sum: 1 } } },
      ]);
    const counts = found.map(({ _id, count }): [string, number] => [_id.toHexString(), count]);
    if (counts.reduce((sum, [, count]) => sum + count, 0) < limit) return counts.map(atMost);
    const full = counts.filter(([, count]) => count >= MOST_UNREAD_MENTIONS).map(atMost);
    const known = new Set(full.map(([id]) => id));
    const others = entries.filter(({ conversation }) => !known.has(conversation._id.toHexString()));
    return others.length === 0 ? full : [...full, ...(await this.count(ctx, others))];
  }
}

const atMost = ([id, count]: [string, number]): [string, number] => [id, Math.min(count, MOST_UNREAD_MENTIONS)];

function unreadWindow({ conversation, member }: Entry): { after: number; upTo: number } {
  const after = Math.max(watermarksOf(conversation, member).read_seq, visibleFrom(member, conversation) - 1);
  // Not beyond what `unread_count` counts.
  return { after, upTo: conversation.last_seq };
}

const isUnreadCold = (entry: Entry): boolean => (entry.conversation.archived_seq ?? 0) > unreadWindow(entry).after;

function partition<T>(all: T[], isFirst: (one: T) => boolean): [T[], T[]] {
  return [all.filter(isFirst), all.filter((one) => !isFirst(one))];
}

function unreadMentionsOf({ user }: RequestContext, entries: Entry[]): Filter<Message> {
  const windows = entries.map(({ conversation, member }) => {
    const { after, upTo } = unreadWindow({ conversation, member });
    return { conversation_id: conversation._id, seq: { $gt: after, $lte: upTo } };
  });
  return { $and: [{ 'mentions.user_id': user.user_id }, HAS_MENTIONS], $or: windows };
}
