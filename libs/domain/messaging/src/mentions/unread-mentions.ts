import { Injectable } from '@nestjs/common';
import type { ObjectId } from 'bson';
import type { RequestContext, Stage } from '#caas/kernel';
import type { Entry } from '../conversations/conversation-access';
import { visibleFrom } from '../conversations/visibility';
import { unreadCountOf, watermarksOf } from '../conversations/watermarks';
import { HAS_MENTIONS, messages } from '../persistence/message.schema';

/** Nobody reads a larger number; and it bounds what one query looks at. */
export const MOST_UNREAD_MENTIONS = 100;
/** Each is a search of its own within one command. */
const CONVERSATIONS_AT_ONCE = 25;

interface Counted {
  _id: ObjectId;
  count: number;
}

/** How often the actor is called by name in what they have not read. */
@Injectable()
export class UnreadMentions {
  /**
   * By conversation, up to `MOST_UNREAD_MENTIONS`; where there are none, it is missing. Tombstones do not count, nor what is
   * hidden from the actor. Asks nothing about what is read to its end.
   * @param entries the actor's own
   */
  async in(ctx: RequestContext, entries: Entry[]): Promise<Map<string, number>> {
    const unread = entries.filter(({ conversation, member }) => unreadCountOf(conversation, member) > 0);
    const portions: Entry[][] = [];
    for (let at = 0; at < unread.length; at += CONVERSATIONS_AT_ONCE) {
      portions.push(unread.slice(at, at + CONVERSATIONS_AT_ONCE));
    }
    const counts = await Promise.all(portions.map((portion) => this.count(ctx, portion)));
    return new Map(counts.flat());
  }

  /**
   * One command with a search of its own for each conversation: only so does the engine read no more of the index than each may
   * count. Searched together, all that was ever read of them would be gone through.
   */
  private async count(ctx: RequestContext, entries: Entry[]): Promise<[string, number][]> {
    const [first, ...others] = entries.map((entry) => unreadMentionsOf(ctx, entry));
    if (!first) return [];
    const rest = others.map((pipeline): Stage => ({ $unionWith: { coll: messages.name, pipeline } }));
    const counted = await ctx.repository(messages).aggregate<Counted>([...first, ...rest]);
    return counted.map(({ _id, count }) => [_id.toHexString(), count]);
  }
}

function unreadMentionsOf({ user }: RequestContext, { conversation, member }: Entry): Stage[] {
  const read = Math.max(watermarksOf(conversation, member).read_seq, visibleFrom(member, conversation) - 1);
  const unread = {
    conversation_id: conversation._id,
    // Not beyond what `unread_count` counts.
    seq: { $gt: read, $lte: conversation.last_seq },
    $and: [{ 'mentions.user_id': user.user_id }, HAS_MENTIONS],
  };
  return [
    { $match: unread },
    { $limit: MOST_UNREAD_MENTIONS },
    { $group: { _id: '$conversation_id', count: { $sum: 1 } } },
  ];
}
