import { Injectable } from '@nestjs/common';
import type { ObjectId } from 'bson';
import type { Page, RequestContext } from '#caas/kernel';
import type { Message } from '../persistence/message.schema';
import { pollVotes } from '../persistence/poll-vote.schema';
import { reactions } from '../persistence/reaction.schema';
import { viewOfMessageFor } from '../views';

/** Messages as the actor sees them: with the reactions and votes that are theirs, each read by one query for all of them. */
@Injectable()
export class MessageViews {
  async one(ctx: RequestContext, message: Message) {
    const [view] = await this.all(ctx, [message]);
    return view!;
  }

  async page(ctx: RequestContext, { data, page }: Page<Message>) {
    return { data: await this.all(ctx, data), page };
  }

  async all(ctx: RequestContext, messages: Message[]) {
    const reacted = messages.filter(({ reaction_counts }) => Object.keys(reaction_counts).length > 0);
    const voted = messages.filter(({ poll }) => poll && poll.voter_count > 0);
    const [reactions, votes] = await Promise.all([
      this.ownReactions(ctx, idsOf(reacted)),
      this.ownVotes(ctx, idsOf(voted)),
    ]);
    return messages.map((message) => {
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

const idsOf = (messages: Message[]): ObjectId[] => messages.map(({ _id }) => _id);
