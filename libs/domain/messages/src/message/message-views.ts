import { Injectable } from '@nestjs/common';
import type { ObjectId } from 'bson';
import type { Page, RequestContext, UserReference } from '#caas/kernel';
import type { ArchivedMessage } from '../cold-reads/message-archive';
import { archivedPartsOf } from '../cold-reads/archived-parts';
import type { Message } from '../store/message.schema';
import { pollVotes } from '../store/poll-vote.schema';
import { reactions } from '../store/reaction.schema';
import { viewOfMessageFor } from './views';

/** Messages as the actor sees them: with the reactions and votes that are theirs, each read by one query for all of them. */
@Injectable()
export class MessageViews {
  async one(ctx: RequestContext, message: Message) {
    const [view] = await this.all(ctx, [message]);
    return view!;
  }

  async page<P extends Page<Message>>(ctx: RequestContext, { data, page }: P) {
    return { data: await this.all(ctx, data), page: page as P['page'] };
  }

  async all(ctx: RequestContext, messages: Message[]) {
    const hot = messages.filter((message) => !archivedPartsOf(message));
    const reacted = hot.filter(({ reaction_counts }) => Object.keys(reaction_counts).length > 0);
    const voted = hot.filter(({ poll }) => poll && poll.voter_count > 0);
    const [reactions, votes] = await Promise.all([
      this.ownReactions(ctx, idsOf(reacted)),
      this.ownVotes(ctx, idsOf(voted)),
    ]);
    return messages.map((message) => {
      const archived = archivedPartsOf(message);
      if (archived) return viewOfMessageFor(message, ...ownOf(archived, ctx.user));
      const id = message._id.toHexString();
      return viewOfMessageFor(message, reactions.get(id) ?? [], votes.get(id) ?? []);
    });
  }

  /** By message, in the order in which they were added. */
  private async ownReactions(ctx: RequestContext, ids: ObjectId[]): Promise<Map<string, string[]>> {
    if (ids.length === 0) return new Map();
    const found = await ctx
      .repository(reactions)
      .find({ message_id: { $in: ids }, 'user.user_id': ctx.user.user_id }, { fields: ['message_id', 'emoji'] });
    found.sort((a, b) => (a._id.toHexString() < b._id.toHexString() ? -1 : 1));
    const own = new Map<string, string[]>();
    for (const { message_id, emoji } of found) {
      const key = message_id.toHexString();
      own.set(key, [...(own.get(key) ?? []), emoji]);
    }
    return own;
  }

  /** By message, in the order of the poll. */
  private async ownVotes(ctx: RequestContext, ids: ObjectId[]): Promise<Map<string, string[]>> {
    if (ids.length === 0) return new Map();
    const found = await ctx
      .repository(pollVotes)
      .find({ message_id: { $in: ids }, 'user.user_id': ctx.user.user_id }, { fields: ['message_id', 'option_ids'] });
    return new Map(found.map(({ message_id, option_ids }) => [message_id.toHexString(), option_ids]));
  }
}

/** The emojis of one user, in the order in which they were added, and what they voted for. */
function ownOf({ reactions, votes }: ArchivedMessage, { user_id }: UserReference): [string[], string[]] {
  const own = reactions.filter(({ user }) => user.user_id.equals(user_id));
  own.sort((a, b) => (a._id.toHexString() < b._id.toHexString() ? -1 : 1));
  const vote = votes.find(({ user }) => user.user_id.equals(user_id));
  return [own.map(({ emoji }) => emoji), vote?.option_ids ?? []];
}

const idsOf = (messages: Message[]): ObjectId[] => messages.map(({ _id }) => _id);
