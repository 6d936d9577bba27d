import { Injectable } from '@nestjs/common';
import type { ObjectId } from 'bson';
import type { Page, RequestContext, UserReference } from '#caas/kernel';
import type { ArchivedMessage } from '../cold-reads/message-archive';
import { archivedPartsOf } from '../cold-reads/archived-parts';
import { rowsOf } from '../kinds/kind-rows';
import { countsOf } from '../kinds/message-kinds';
import type { KindRow } from '../kinds/message-kind';
import type { Message } from '../store/message.schema';
import { reactions } from '../store/reaction.schema';
import { viewOfMessageFor } from './views';

/**
 * Messages as the actor sees them, with the actor's own reactions and rows (votes). One query reads the reactions of all messages,
 * and one query per kind reads the rows.
 */
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
    const counted = hot.filter((message) => Object.keys(countsOf(message)).length > 0);
    const [reactions, found] = await Promise.all([
      this.ownReactions(ctx, idsOf(reacted)),
      rowsOf(ctx, counted, { 'user.user_id': ctx.user.user_id }),
    ]);
    const rows = Map.groupBy(found, ({ message_id }) => message_id.toHexString());
    return messages.map((message) => {
      const archived = archivedPartsOf(message);
      if (archived) return viewOfMessageFor(message, ...ownOf(archived, ctx.user));
      const id = message._id.toHexString();
      return viewOfMessageFor(message, reactions.get(id) ?? [], rows.get(id) ?? []);
    });
  }

  /** The actor's emojis by message, in the order in which they were added. */
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
}

/** One user's emojis on the message, in the order in which they were added, and that user's rows of its kind. */
function ownOf({ reactions, rows }: ArchivedMessage, { user_id }: UserReference): [string[], KindRow[]] {
  const own = reactions.filter(({ user }) => user.user_id.equals(user_id));
  own.sort((a, b) => (a._id.toHexString() < b._id.toHexString() ? -1 : 1));
  return [own.map(({ emoji }) => emoji), rows.filter(({ user }) => user.user_id.equals(user_id))];
}

const idsOf = (messages: Message[]): ObjectId[] => messages.map(({ _id }) => _id);
