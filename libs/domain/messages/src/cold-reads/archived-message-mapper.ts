import { Injectable } from '@nestjs/common';
import type { ObjectId } from 'bson';
import type { RequestContext, UserReference } from '#caas/kernel';
import { users } from '#caas/domain/users';
import { archivedMarks, type ArchivedMark } from '../store/archived-mark.schema';
import type { Message } from '../store/message.schema';
import { withParts } from './archived-parts';
import type { ArchivedMessage } from './message-archive';

type Rename = <R extends UserReference>(reference: R) => R;

/** Brings archived messages up to date, with their hot side rows and the current names of users. */
@Injectable()
export class ArchivedMessageMapper {
  /** In the order given. */
  async present(ctx: RequestContext, archived: ArchivedMessage[]): Promise<Message[]> {
    if (archived.length === 0) return [];
    const ids = archived.map(({ message }) => message._id);
    const found = ctx.repository(archivedMarks).find({ _id: { $in: ids } });
    // In a transaction the driver wants one operation at a time.
    if (ctx.connection.inTransaction) await found;
    const [marks, rename] = await Promise.all([found, this.names(ctx, archived)]);
    const byId = new Map(marks.map((mark) => [mark._id.toHexString(), mark]));
    return archived.map((each) => {
      const own = withMark(each.message, byId.get(each.message._id.toHexString()));
      return withParts(renamed(own, rename), { ...each, ...renamedParts(each, rename) });
    });
  }

  private async names(ctx: RequestContext, archived: ArchivedMessage[]): Promise<Rename> {
    const ids = new Map<string, ObjectId>();
    const add = ({ user_id }: UserReference) => ids.set(user_id.toHexString(), user_id);
    for (const { message, reactions, rows, versions } of archived) {
      for (const reference of [message.sender, ...message.mentions, ...message.last_repliers]) add(reference);
      if (message.forwarded_from) add(message.forwarded_from.sender);
      for (const { user } of [...reactions, ...rows]) add(user);
      for (const version of versions) version.mentions.forEach(add);
    }
    const known = await ctx
      .repository(users)
      .find({ _id: { $in: [...ids.values()] } }, { fields: ['display_name'], withDeleted: true });
    const names = new Map(known.map(({ _id, display_name }) => [_id.toHexString(), display_name]));
    return (reference) => {
      const name = names.get(reference.user_id.toHexString());
      return name === undefined || name === reference.user_display_name
        ? reference
        : { ...reference, user_display_name: name };
    };
  }
}

function withMark(message: Message, mark: ArchivedMark | undefined): Message {
  if (!mark) return message;
  const { rev, reply_count, last_repliers, pinned_at, changes, changed_at } = mark;
  return {
    ...message,
    rev,
    reply_count,
    last_repliers,
    pinned_at,
    __v: message.__v + changes,
    updated_at: changed_at ?? message.updated_at,
  };
}

const renamed = (message: Message, rename: Rename): Message => ({
  ...message,
  sender: rename(message.sender),
  mentions: message.mentions.map(rename),
  last_repliers: message.last_repliers.map(rename),
  forwarded_from: message.forwarded_from && {
    ...message.forwarded_from,
    sender: rename(message.forwarded_from.sender),
  },
});

const renamedParts = ({ reactions, rows, versions }: ArchivedMessage, rename: Rename) => ({
  reactions: reactions.map((reaction) => ({ ...reaction, user: rename(reaction.user) })),
  rows: rows.map((row) => ({ ...row, user: rename(row.user) })),
  versions: versions.map((version) => ({ ...version, mentions: version.mentions.map(rename) })),
});
